import root from '@opentelemetry/otlp-transformer/build/src/generated/root.js'

interface Message {
  verify(object: unknown): string | null
  fromObject(object: unknown): unknown
  toObject(message: unknown, options: object): unknown
}

interface Root {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: { readonly metrics: { readonly v1: { readonly ExportMetricsServiceRequest: Message } } }
    }
  }
}

/**
 * A request to /v1/metrics as OpenTelemetry's own code understands it, generated from opentelemetry-proto: without
 * fields that the definition does not have. 64-bit integers are text.
 * @throws if a value has the wrong type
 */
export function parseOfficially(request: unknown): unknown {
  const { opentelemetry } = root as unknown as Root
  const { ExportMetricsServiceRequest } = opentelemetry.proto.collector.metrics.v1
  const message = ExportMetricsServiceRequest.fromObject(request)
  const fault = ExportMetricsServiceRequest.verify(message)
  if (fault !== null) throw new Error(`OTLP: ${fault}`)
  return ExportMetricsServiceRequest.toObject(message, { longs: String })
}
