// The types of `window.overture` for host pages, in one file: what `Overture` reaches, wherever it is declared.
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ENTRY = fileURLToPath(new URL('../src/types.ts', import.meta.url));

/** Every declaration that `Overture` needs, as they are written, with the global function at the end. */
export function publicTypes() {
  const program = ts.createProgram([ENTRY], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: 99,
    module: 99,
    moduleResolution: 100,
  });
  const checker = program.getTypeChecker();
  const exports = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(ENTRY)));
  const texts = new Map();

  function take(symbol) {
    const own = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    for (const node of own.declarations ?? []) {
      const file = node.getSourceFile();
      const isType = ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
      if (!isType || file.isDeclarationFile || texts.has(node)) continue;
      const text = node.getFullText(file).trim();
      texts.set(node, text.includes('export ') ? text : text.replace(/^(type|interface) /m, 'export $1 '));
      node.forEachChild(function walk(child) {
        const name = ts.isTypeReferenceNode(child)
          ? child.typeName
          : ts.isExpressionWithTypeArguments(child)
            ? child.expression
            : null;
        const found = name && checker.getSymbolAtLocation(name);
        if (found) take(found);
        child.forEachChild(walk);
      });
    }
  }
  take(exports.find((it) => it.name === 'Overture'));
  return `${[...texts.values()].reverse().join('\n\n')}\n\ndeclare global {\n  interface Window {\n    overture?: Overture;\n  }\n}\n`;
}
