// A little of udp, for use inside a network namespace:
//   node udp.mjs echo PORT              answers every packet with "re " and what came; prints "ready"
//   node udp.mjs ask ADDRESS PORT WORD  prints the answer; asks again until there is one
import dgram from 'node:dgram';

const [what, ...args] = process.argv.slice(2);
if (what === 'echo') {
  const server = dgram.createSocket('udp4');
  server.on('message', (data, from) => server.send(`re ${data}`, from.port, from.address));
  server.bind(Number(args[0]), '0.0.0.0', () => console.log('ready'));
} else {
  const [address = '', port = '', word = ''] = args;
  const client = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const ask = () => client.send(word, Number(port), address);
  client.on('message', (data) => {
    console.log(String(data));
    process.exit(0);
  });
  client.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
  setInterval(ask, 300);
  setTimeout(() => process.exit(1), 8000);
  ask();
}
