// @ts-check
/** Where a client has to connect to be seen. Pure. */

/** Stands for a password that the page does not know. */
export const PASSWORD = "PASSWORD";

/**
 * The tap's URL, on the machine that this page comes from; the user and the virtual host, the broker's own address knows.
 * @param {import("../types.js").Broker} broker
 * @param {string} host
 */
export function tapUrl(broker, host) {
  const [, user = "guest", vhost = ""] = /^amqps?:\/\/([^:@/]+)[^/]*\/?(.*)$/.exec(broker.url) ?? [];
  const secret = user === "guest" ? "guest" : PASSWORD;
  return `amqp://${user}:${secret}@${host}:${broker.amqp_port}/${vhost === "%2F" ? "" : vhost}`;
}
