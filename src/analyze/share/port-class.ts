/** Ports above 1023 of common services */
const WELL_KNOWN = new Set(
  [
    1080, 1194, 1433, 1521, 1883, 2049, 2181, 2375, 2376, 2377, 2379, 2380, 3000, 3128, 3268, 3269, 3306, 3389, 4222,
    4317, 4318, 5000, 5044, 5060, 5061, 5222, 5432, 5601, 5671, 5672, 5900, 6379, 6380, 6443, 6783, 7946, 8000, 8080,
    8086, 8443, 8500, 8883, 9000, 9042, 9090, 9092, 9093, 9100, 9200, 9300, 9418, 10250, 11211, 15672, 16379, 26379,
    27017, 50051,
  ].map(BigInt),
)
const FIRST_REGISTERED = 1024n
const FIRST_DYNAMIC = 49_152n

/** A port below 1024 or of a common service stays; others become the first one of their range (RFC 6335). */
export function portClass(port: bigint): bigint {
  if (port < FIRST_REGISTERED || WELL_KNOWN.has(port)) return port
  return port < FIRST_DYNAMIC ? FIRST_REGISTERED : FIRST_DYNAMIC
}
