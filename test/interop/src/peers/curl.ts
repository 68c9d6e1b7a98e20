/** curl with OpenSSL, as Debian packages it: a client that speaks HTTPS. */
import { createServer } from 'node:http';
import { Duplex } from 'node:stream';
import { HungUp } from '../inbox.ts';
import { programVersion } from './find.ts';
import type { Peer } from './peer.ts';
import { PeerProcess } from './process.ts';

export const curl: Peer = {
  name: 'curl',
  silentRefusals: { server: ['wrong name'] },
  limits: [
    { cases: ['update/theirs'], reason: 'curl has no way to send a KeyUpdate' },
    {
      cases: ['close/ours', 'close/half-ours', 'close/half-theirs'],
      reason: 'HTTP ends the connection, not the caller',
    },
  ],
  version: () => programVersion('curl', ['--version'], /^curl (\d+\.\d+\.\d+)/),
  /** An upload from standard input whose answer goes to standard output, while it is being sent. */
  dial(setup) {
    const { credentials, alpn } = setup;
    return new PeerProcess(
      'curl',
      [
        ...['--silent', '--show-error', '--no-buffer', '--http1.1', '--tlsv1.3'],
        ...['--cacert', setup.authority.file],
        ...['--resolve', `${setup.name}:${setup.port}:127.0.0.1`],
        ...(setup.groups === undefined ? [] : ['--curves', setup.groups.join(':')]),
        ...(credentials === undefined ? [] : ['--cert', credentials.chainFile, '--key', credentials.keyFile]),
        ...(alpn === undefined ? ['--no-alpn'] : []),
        ...['--header', 'Expect:', '--upload-file', '.', `https://${setup.name}:${setup.port}/`],
      ],
      { failure: /curl: \(\d+\).*$/m },
    );
  },
  frame: (socket) =>
    new Promise((resolve, reject) => {
      const hungUp = (): void => reject(new HungUp('a request came'));
      if (socket.readableEnded) hungUp();
      socket.once('end', hungUp);
      const http = createServer((request, response) => {
        response.setHeader('Connection', 'close');
        response.flushHeaders();
        resolve(Duplex.from({ readable: request, writable: response }));
      });
      http.emit('connection', socket);
    }),
};
