/** Static files over HTTP: what lies inside one folder, and nothing else. */
import { realpath } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import send from 'send';

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}

/** The path of a request as it came, and decoded; `undefined` where it is malformed. */
function pathOf(request: IncomingMessage): { encoded: string; decoded: string } | undefined {
  const encoded = (request.url ?? '/').replace(/[?#].*$/s, '');
  try {
    const decoded = decodeURIComponent(encoded);
    return decoded.startsWith('/') && !decoded.includes('\0') ? { encoded, decoded } : undefined;
  } catch {
    return undefined;
  }
}

/** What a folder is answered with. */
const INDEX = 'index.html';

/** Whether the file that `path` leads to, symbolic links followed, lies inside `root`; also when there is none. */
async function staysInside(root: string, path: string): Promise<boolean> {
  for (const candidate of [join(root, path), join(root, path, INDEX)]) {
    try {
      const target = await realpath(candidate);
      if (target !== root && !target.startsWith(root.endsWith(sep) ? root : root + sep)) return false;
    } catch {
      // Nothing there: `send` says so.
    }
  }
  return true;
}

/**
 * Answers GET and HEAD with the files below `root`. Dot files, and what lies outside (by `..`, by a symbolic
 * link), do not exist for clients.
 * @param root an absolute path without symbolic links.
 */
export function fileListener(root: string): RequestListener {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      answer(response, 405, 'only GET and HEAD');
      return;
    }
    const path = pathOf(request);
    if (path === undefined) {
      answer(response, 400, 'malformed path');
      return;
    }
    if (!(await staysInside(root, path.decoded))) {
      answer(response, 404, 'not found');
      return;
    }
    send(request, path.encoded, { root, index: INDEX, dotfiles: 'ignore' })
      .on('error', ({ status = 500 }: { readonly status?: number }) => {
        // Where a part of the file is on its way already, only the end of the connection can tell.
        if (response.headersSent) response.destroy();
        else answer(response, status, status === 404 ? 'not found' : 'cannot be served');
      })
      .pipe(response);
  };
  return (request, response) => {
    serve(request, response).catch(() => response.destroy());
  };
}
