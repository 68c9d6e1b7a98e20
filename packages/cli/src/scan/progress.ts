/** One line on a terminal that says what a scan is doing; nothing where nobody watches. */
import { pad, wrap } from '../render/layout.ts';
import type { Style } from '../render/style.ts';

/** Columns of the name of a stage, and of the count with what stands between. */
const STAGE_WIDTH = 28;
const COUNT_WIDTH = 24;

/** Back to the start of the line, and erase it. */
const ERASE = '\r\x1b[2K';

export class Progress {
  readonly #stream: Pick<NodeJS.WriteStream, 'write'> | undefined;
  readonly #style: Style;
  readonly #title: string;
  #stage = '';

  /**
   * @param stream the terminal, or `undefined` to stay silent.
   * @param title who is scanned; safe to print.
   */
  constructor(stream: Pick<NodeJS.WriteStream, 'write'> | undefined, style: Style, title: string) {
    this.#stream = stream;
    this.#style = style;
    // The line must not break, or it cannot be erased.
    this.#title = wrap(title, style.width - STAGE_WIDTH - COUNT_WIDTH)[0] as string;
  }

  stage(name: string): void {
    this.#stage = name;
  }

  connection(used: number): void {
    const { paint, glyphs } = this.#style;
    const count = paint('quiet', `${used} ${used === 1 ? 'connection' : 'connections'}`);
    const stage = pad(this.#stage, STAGE_WIDTH);
    this.#stream?.write(`${ERASE}${paint('accent', glyphs.right)} ${this.#title}  ${stage} ${count}`);
  }

  /** Leaves the line as it was before. */
  done(): void {
    this.#stream?.write(ERASE);
  }
}
