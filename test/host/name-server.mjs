// name-server.mjs ADDRESS ANSWER: answers every question of a name (RFC 1035) on port 53 with one IPv4 address.
import dgram from 'node:dgram';

const [address, answer] = process.argv.slice(2);
const socket = dgram.createSocket('udp4');
socket.on('message', (question, { address: to, port }) => {
  // name, two bytes of type, two of class, behind the header of 12 bytes
  const end = question.indexOf(0, 12) + 5;
  const isIpv4 = question.readUInt16BE(end - 4) === 1;
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(isIpv4 ? 1 : 0, 6);
  header.fill(0, 8);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...answer.split('.').map(Number)]);
  socket.send(Buffer.concat([header, question.subarray(12, end), ...(isIpv4 ? [record] : [])]), port, to);
});
socket.bind(53, address, () => console.log('ready'));
