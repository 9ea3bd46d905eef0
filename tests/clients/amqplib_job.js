// amqplib: `node amqplib_job.js URL QUEUE publish BODY … | work COUNT | hold`.

import { once } from "node:events";
import amqp from "amqplib";

const [url, queue, role, ...words] = process.argv.slice(2);

const connection = await amqp.connect(url);
const channel = await connection.createConfirmChannel();
await channel.assertQueue(queue, { durable: true });

/** Takes tasks one by one; resolves once `count` are acknowledged. With 0 it holds the first and never does. */
const consume = (/** @type {number} */ count) =>
  new Promise(resolve => {
    let left = count;
    channel.prefetch(1);
    channel.consume(queue, message => {
      console.log("took", message.content.toString(), message.fields.redelivered ? "again" : "new");
      if (!left) return;
      channel.ack(message);
      left -= 1;
      if (!left) resolve(undefined);
    });
  });

const roles = {
  publish: async () => {
    for (const body of words) {
      channel.sendToQueue(queue, Buffer.from(body), { persistent: true });
      await channel.waitForConfirms();
      console.log("confirmed", body);
    }
  },
  work: () => consume(Number(words[0])),
  hold: () => {
    consume(0);
    return once(process.stdin, "data");
  },
};

await roles[role]();
await channel.close();
await connection.close();
process.exit();
