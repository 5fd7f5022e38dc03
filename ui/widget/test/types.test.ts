/** @vitest-environment node */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, expect, test } from 'vitest';
import { publicTypes } from '../scripts/types.mjs';

const folder = mkdtempSync(join(tmpdir(), 'overture-types-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'overture-widget.d.ts'), publicTypes());

/** What the compiler says of a page's own code against the published types. */
function complaints(code: string): string[] {
  const file = join(folder, 'page.ts');
  writeFileSync(file, `import './overture-widget';\n${code}`);
  const program = ts.createProgram([file], {
    strict: true,
    noEmit: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  });
  return ts.getPreEmitDiagnostics(program).map((it) => ts.flattenDiagnosticMessageText(it.messageText, ' '));
}

test('a page that uses every part compiles', () => {
  const code = `
    const overture = window.overture!;
    overture('open', 'chat');
    overture.open('callback');
    overture.setUser({ id: 'u-1', signature: 'ab', traits: { plan: 'pro' } });
    overture.offset({ bottom: 60 });
    overture('avoid', '#cart');
    overture.consent({ analyse: true });
    const stop: () => void = overture.on('message', (it) => console.log(it.conversation.length, it.author));
    stop();
    overture('on', 'ready', ({ session }) => console.log(session.length));
    overture.off('ready');
  `;
  expect(complaints(code)).toEqual([]);
}, 90_000);

test.each([
  ["window.overture!.open('phone')", 'phone'],
  ["window.overture!('setUser', { id: 1 })", 'number'],
  ["window.overture!.on('nothing', () => {})", 'nothing'],
  ['window.overture!.offset({ left: 1 })', 'left'],
])(
  '%s does not',
  (code, named) => {
    expect(complaints(code).join()).toContain(named);
  },
  90_000,
);
