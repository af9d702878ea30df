import { expect, test } from 'vitest'
import { describeDaemonClient } from '../../../src/record/child/daemon-client.js'

const describeWords = (line: string, env: NodeJS.ProcessEnv = {}) => describeDaemonClient(line.split(' '), env)

test.each([
  'docker run --rm alpine true',
  '/usr/bin/docker --context prod exec web curl example.org',
  'docker compose up',
  'docker-compose up',
  'nerdctl run alpine',
  'kubectl -n web exec pod-1 -- curl example.org',
  'oc rsh pod-1',
  'ctr -n k8s.io tasks exec --exec-id 1 web sh',
  'crictl exec web sh',
  'podman-remote run alpine',
  'podman --remote run alpine',
  'podman --url=ssh://host run alpine',
  'sudo docker run alpine',
  'sudo -u bob docker run alpine',
  'env A=1 docker run alpine',
  'timeout 10 nice -n 5 docker container run alpine',
  'systemd-run --scope curl example.org',
  'incus exec web -- curl example.org',
])('%s starts a process in a daemon, and the note suggests what to do', (line) => {
  const note = describeWords(line)
  expect(note).toMatch(/starts processes through a daemon: .* are not recorded/)
  expect(note).toContain('record the host instead (tcpconn record)')
  expect(note).toMatch(/tcpconn record --container NAME, .*tcpconn record --cgroup PATH/)
})

test('podman is a client of a service if CONTAINER_HOST names one', () => {
  expect(describeWords('podman run alpine', { CONTAINER_HOST: 'unix:///run/podman.sock' })).toMatch(/^podman starts/)
})

test.each([
  'curl https://example.org',
  'podman run alpine',
  'podman run alpine sh -c true',
  'podman run -c 512 alpine',
  'docker logs run',
  'docker inspect start',
  'docker ps',
  'kubectl get pods',
  'env',
  'node run',
  'toString run',
])('%s causes no note', (line) => {
  expect(describeWords(line)).toBeNull()
})
