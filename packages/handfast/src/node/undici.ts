/** Lets undici, and the `fetch` that is built on it, make their connections with handfast. */
import { connect as connectPlain, type Socket } from 'node:net';
import { TlsError } from '../wire/errors.ts';
import { connect } from './connect.ts';
import { DEFAULT_CONNECT_TIMEOUT, KEEP_ALIVE_DELAY } from './limits.ts';
import { type ClientTlsOptions, clientTlsConfig, requireMilliseconds } from './options.ts';

/** Options of {@link undiciConnector}. */
export interface UndiciConnectorOptions extends ClientTlsOptions {
  /** The name that servers must prove to have. Default: the host of the request. */
  readonly servername?: string | undefined;
  /** Offer HTTP/2 besides HTTP/1.1, where `ALPNProtocols` does not say what to offer. Default: false. */
  readonly allowH2?: boolean | undefined;
  /** Milliseconds until a connection must be ready, handshake included; 0 for no limit. Default: `DEFAULT_CONNECT_TIMEOUT`. */
  readonly timeout?: number | undefined;
}

/** What undici asks a connector for. */
export interface UndiciTarget {
  readonly hostname: string;
  readonly protocol: string;
  readonly port: string;
  readonly servername?: string | null | undefined;
  readonly localAddress?: string | null | undefined;
  readonly httpSocket?: Socket | undefined;
}

/** How undici hears about the outcome. */
export type UndiciCallback = (...outcome: [null, Socket] | [Error, null]) => void;

/**
 * A connector for undici: `new Agent({ connect: undiciConnector({ ca }) })`. Requests to `http:` go over plain TCP.
 * @throws {ConfigError} when an option cannot work.
 */
export function undiciConnector(
  options: UndiciConnectorOptions = {},
): (target: UndiciTarget, callback: UndiciCallback) => void {
  const { allowH2, timeout = DEFAULT_CONNECT_TIMEOUT, ...tlsOptions } = options;
  requireMilliseconds('timeout', timeout);
  const ALPNProtocols = options.ALPNProtocols ?? (allowH2 ? ['h2', 'http/1.1'] : ['http/1.1']);
  const config = clientTlsConfig({ ...tlsOptions, ALPNProtocols });
  return (target, callback) => {
    const { hostname: host, httpSocket } = target;
    const secure = target.protocol === 'https:';
    const localAddress = target.localAddress ? { localAddress: target.localAddress } : {};
    const port = Number(target.port || (secure ? 443 : 80));
    let socket: Socket;
    try {
      socket = secure
        ? connect({
            ...tlsOptions,
            ...localAddress,
            config,
            host,
            port,
            servername: target.servername || options.servername,
            socket: httpSocket,
          })
        : connectPlain({ host, port, ...localAddress });
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    let pending = true;
    const late = (): TlsError =>
      new TlsError(
        'ERR_HANDSHAKE_TIMEOUT',
        `the connection to ${host}:${port} was not ready after ${timeout} ms`,
      );
    const timer = timeout > 0 ? setTimeout(() => socket.destroy(late()), timeout) : undefined;
    timer?.unref();
    const settle = (...outcome: Parameters<UndiciCallback>): void => {
      clearTimeout(timer);
      if (pending) callback(...outcome);
      pending = false;
    };
    socket.setKeepAlive(true, KEEP_ALIVE_DELAY);
    socket.setNoDelay(true);
    socket.once(secure ? 'secureConnect' : 'connect', () => settle(null, socket));
    socket.on('error', (error) => settle(error, null));
  };
}
