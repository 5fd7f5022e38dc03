/** What a page may call is there, under every name that is promised. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, test, vi } from 'vitest';

/** The names of an interface's members. */
function membersOf(name: string): string[] {
  const file = 'src/types.ts';
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022);
  const found = source.statements.find(
    (it): it is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(it) && it.name.text === name,
  );
  return (found?.members ?? []).flatMap((it) => (it.name && ts.isIdentifier(it.name) ? [it.name.text] : []));
}

test('every command is a method', async () => {
  Object.assign(CSSStyleSheet.prototype, { replaceSync() {} });
  const error = vi.spyOn(console, 'error').mockImplementation(() => {});
  await import('../src/main');
  const overture = window.overture as unknown as Record<string, unknown>;
  const commands = membersOf('OvertureCommands');
  expect(commands).toContain('frame');
  for (const name of [...commands, 'on', 'off']) expect(overture[name], name).toBeTypeOf('function');
  expect(error).not.toHaveBeenCalled();
});
