/**
 * Programs that say nothing about who runs them: parts of common distributions, servers and language runtimes. What is not listed
 * gets a token.
 */
export const COMMON_PROGRAMS: ReadonlySet<string> = new Set(
  `
  apt apt-get apt-check bash busybox cat chronyd cron crond curl dash dbus-daemon dig dnf dnsmasq dpkg fish ftp git git-remote-http
  git-remote-https gpg gpg-agent gzip host httpie init java less login mosh-client mount nc ncat netcat nmap nslookup ntpd ntpdate
  openssl perl ping pip pip3 python python2 python3 rpcbind rpm rsync rsyslogd scp sftp sh socat ssh ssh-agent sshd sssd su sudo
  systemd systemd-journal systemd-journald systemd-logind systemd-network systemd-networkd systemd-resolve systemd-resolved
  systemd-timesyn systemd-timesyncd tar telnet tcpconn traceroute umount unattended-upgr unattended-upgrade vi vim wget whois yum
  zsh zypper
  apache2 caddy envoy haproxy httpd lighttpd nginx squid traefik varnishd
  cassandra clickhouse-server consul etcd influxd memcached mongod mongos mysql mysqld mariadbd postgres psql rabbitmq-server
  redis-cli redis-server valkey-server zookeeper
  bun cargo dotnet deno erlang beam.smp go gradle mvn mono node nodejs npm npx php php-fpm php-cgi ruby rustc sbcl uwsgi gunicorn
  celery puma unicorn yarn
  alertmanager calico-node cilium-agent collectd conmon containerd containerd-shim coredns cri-o crio docker docker-proxy dockerd
  filebeat fluent-bit fluentd grafana grafana-server kube-apiserver kube-controller kube-proxy kube-scheduler kubectl kubelet
  metricbeat nerdctl node_exporter otelcol podman prometheus promtail runc telegraf vector zabbix_agentd zabbix_server
  dovecot exim4 master postfix qmgr sendmail smtp smtpd
  ab chrome chromium firefox hey iperf iperf3 k6 thunderbird wrk
  `
    .trim()
    .split(/\s+/),
)
