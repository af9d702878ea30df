/**
 * `subnet(address, bytes, groups)` in DuckDB: the network of an IPv4 address by its first bytes, or of an IPv6 address
 * by its first groups. An IPv6 address is expanded and cut: it ends in a run of zeros, which is the longest one.
 */
export const SUBNET_MACROS = [
  `CREATE MACRO groups_of(text) AS list_filter(string_split(text, ':'), lambda one: one <> '')`,
  `CREATE MACRO zeros_for(address) AS
    8 - len(groups_of(split_part(address, '::', 1))) - len(groups_of(split_part(address, '::', 2)))`,
  `CREATE MACRO ipv6_groups(address) AS groups_of(split_part(address, '::', 1))
    || list_resize([]::VARCHAR[], zeros_for(address), '0') || groups_of(split_part(address, '::', 2))`,
  `CREATE MACRO ipv6_subnet(address, groups) AS
    regexp_replace(array_to_string(list_slice(ipv6_groups(address), 1, groups), ':'), '(^|:)0(:0)*$', '')
    || '::/' || 16 * groups`,
  `CREATE MACRO ipv4_subnet(address, bytes) AS
    array_to_string(list_resize(list_slice(string_split(address, '.'), 1, bytes), 4, '0'), '.') || '/' || 8 * bytes`,
  `CREATE MACRO subnet(address, bytes, groups) AS
    CASE WHEN contains(address, ':') THEN ipv6_subnet(address, groups) ELSE ipv4_subnet(address, bytes) END`,
]
