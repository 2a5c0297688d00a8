// The sentences that errors are made of: what `new GqaLensError(code, summary, { expected, found, limit, next })` is given, and what
// functions are given whose parameters have these names. Texts are followed through conditions, templates, constants and functions, so that a
// word that a template puts in becomes part of a sentence, and what is not known before is {n}. src/protocol/errorWords.ts recognises them.
import ts from 'typescript';

const roles = /^(summary|expected|found|limit|next)$/;
/** Above this many ways to say a template, what it puts in is a placeholder after all. */
const mostWays = 16;
/** What is put in and known only later; numbered at the end. */
const hole = '{}';

/**
 * @param {readonly ts.SourceFile[]} sources
 * @returns {Set<string>} sentences with {n} where something is put in
 */
export function errorSentences(sources) {
  const program = new Program(sources);
  const sentences = new Set(
    sources.flatMap((source) => [...program.said(source)]).flatMap((node) => program.waysOf(node)),
  );
  return new Set([...sentences].map(numbered).filter(isSaid));
}

/** Errors whose summary is of no sentence, so that it cannot be translated. @param {readonly ts.SourceFile[]} sources */
export function unsaidErrors(sources) {
  const program = new Program(sources);
  return sources.flatMap((source) =>
    [...nodesOf(source)].flatMap((node) => {
      if (!ts.isNewExpression(node) || node.expression.getText() !== 'GqaLensError') return [];
      const summary = node.arguments?.[1];
      return summary && program.waysOf(summary).map(numbered).some(isSaid)
        ? []
        : [`${source.fileName}: ${node.getText()}`];
    }),
  );
}

/** Whether a text has enough words of its own to be known again by; names of fields and files are the same in every language. */
function isSaid(/** @type {string} */ text) {
  const own = text.replace(/\{\d+\}/g, '');
  if (!/\p{L}{3,}/u.test(own) || (!text.includes(' ') && /[._]|\p{Lu}\p{Lu}/u.test(text))) return false;
  return !text.includes('{1}') || own.replace(/\P{L}/gu, '').length > 5;
}

/** Holes beside each other are one; one that stands alone says nothing. */
const numbered = (/** @type {string} */ text) => {
  let count = 0;
  return text
    .trim()
    .replace(/(\{\})+/g, hole)
    .replaceAll(hole, () => `{${count++}}`);
};

/** @typedef {ts.FunctionDeclaration | ts.MethodDeclaration | ts.ArrowFunction | ts.FunctionExpression} Callable */

class Program {
  /** @type {Map<string, { source: ts.SourceFile, node: Callable }[]>} */
  #functions = new Map();
  /** @type {Map<string, ts.CallExpression[]>} */
  #calls = new Map();

  /** @param {readonly ts.SourceFile[]} sources */
  constructor(sources) {
    for (const source of sources) {
      for (const node of nodesOf(source)) {
        if (ts.isCallExpression(node)) push(this.#calls, nameOf(node.expression), node);
        const name = isCallable(node) ? declaredName(node) : null;
        if (name !== null) push(this.#functions, name, { source, node: /** @type {Callable} */ (node) });
      }
    }
  }

  /** Where a file says something of an error. @param {ts.SourceFile} source @returns {Generator<ts.Expression>} */
  *said(source) {
    for (const node of nodesOf(source)) {
      if (ts.isPropertyAssignment(node) && roles.test(node.name.getText()) && node.name.getText() !== 'summary') {
        yield node.initializer;
      }
      // How messages name their facts (src/protocol/errors.ts).
      if (ts.isVariableDeclaration(node) && node.name.getText() === 'frames' && node.initializer) {
        yield* [...nodesOf(node.initializer)].filter(ts.isStringLiteral);
      }
      if (ts.isNewExpression(node) && node.expression.getText() === 'GqaLensError') {
        yield* node.arguments?.slice(1, 2) ?? [];
      }
      if (!ts.isCallExpression(node)) continue;
      const own = this.#callee(node);
      for (const [place, { name }] of own?.parameters.entries() ?? []) {
        const argument = node.arguments[place];
        if (argument && roles.test(name.getText()) && makesError(own)) yield argument;
      }
    }
  }

  /** Every way that a text can read, with holes. @param {ts.Node} node @param {number} depth @returns {string[]} */
  waysOf(node, depth = 0) {
    const ways = depth > 8 ? [hole] : [...new Set(this.#ways(node, depth + 1))];
    return ways.length === 0 ? [hole] : ways;
  }

  /** @param {ts.Node} node @param {number} depth @returns {string[]} */
  #ways(node, depth) {
    if (ts.isStringLiteralLike(node)) return [/\p{L}/u.test(node.text) || node.text === '' ? node.text : hole];
    if (ts.isTemplateExpression(node)) {
      let ways = [node.head.text];
      for (const { expression, literal } of node.templateSpans) {
        const put = this.#putIn(expression, depth);
        const some = ways.length * put.length > mostWays ? [hole] : put;
        ways = ways.flatMap((start) => some.map((middle) => `${start}${middle}${literal.text}`));
      }
      return ways;
    }
    if (ts.isConditionalExpression(node)) {
      return [...this.waysOf(node.whenTrue, depth), ...this.waysOf(node.whenFalse, depth)];
    }
    if (ts.isBinaryExpression(node) && /^(\?\?|\|\|)$/.test(node.operatorToken.getText())) {
      return [...this.waysOf(node.left, depth), ...this.waysOf(node.right, depth)];
    }
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return this.waysOf(node.expression, depth);
    if (ts.isPropertyAccessExpression(node)) return this.#textsOf(node, depth);
    if (ts.isIdentifier(node)) return this.#ofName(node, depth);
    if (ts.isCallExpression(node)) return this.#ofCall(node, depth);
    return [hole];
  }

  /** What a template puts in: words that are known. What is made of a value is a hole, but for constants and functions of nothing. */
  #putIn(/** @type {ts.Expression} */ node, /** @type {number} */ depth) {
    const ways = this.waysOf(node, depth);
    const isFixed = ts.isCallExpression(node) ? node.arguments.length === 0 : !ts.isIdentifier(node);
    return isFixed ? ways : [...new Set(ways.map((way) => (way.includes(hole) ? hole : way)))];
  }

  /** Constants are what they are made of; a parameter is what is given for it. @param {ts.Identifier} node @param {number} depth */
  #ofName(node, depth) {
    const declaration = declarationOf(node);
    if (declaration === null) return [hole];
    if (ts.isVariableDeclaration(declaration)) {
      return declaration.initializer ? this.waysOf(declaration.initializer, depth) : [hole];
    }
    const owner = declaration.parent;
    const name = isCallable(owner) ? declaredName(owner) : null;
    if (name === null) return [hole];
    const place = owner.parameters.indexOf(declaration);
    const given = (this.#calls.get(name) ?? []).filter((call) => this.#callee(call) === owner);
    return given.flatMap(({ arguments: all }) => {
      const argument = all[place];
      return argument ? this.waysOf(argument, depth) : [];
    });
  }

  /** @param {ts.CallExpression} call @param {number} depth @returns {string[]} */
  #ofCall(call, depth) {
    if (ts.isPropertyAccessExpression(call.expression) && call.expression.name.text === 'join') {
      const parts = this.#partsOf(call.expression.expression, depth);
      return call.arguments[0]?.getText() === "'; '" ? parts : [hole];
    }
    const own = this.#callee(call);
    if (own === null) return [hole];
    if (own.body && !ts.isBlock(own.body)) return this.waysOf(own.body, depth);
    return [...nodesOf(own)].flatMap((node) =>
      ts.isReturnStatement(node) && node.expression && enclosing(node) === own
        ? this.waysOf(node.expression, depth)
        : [],
    );
  }

  /** The clauses of a list, each by itself. @param {ts.Node} list @param {number} depth @returns {string[]} */
  #partsOf(list, depth) {
    const declaration = ts.isIdentifier(list) ? declarationOf(list) : null;
    const start = declaration && ts.isVariableDeclaration(declaration) ? declaration.initializer : list;
    if (!start) return [];
    return [...nodesOf(start)].flatMap((node) =>
      ts.isArrayLiteralExpression(node)
        ? node.elements.flatMap((one) => {
            if (!ts.isSpreadElement(one)) return this.waysOf(one, depth);
            return ts.isIdentifier(one.expression) ? this.#partsOf(one.expression, depth) : [];
          })
        : [],
    );
  }

  /** `text` of entries of a list of the file. @param {ts.PropertyAccessExpression} node @param {number} depth @returns {string[]} */
  #textsOf(node, depth) {
    if (node.name.text !== 'text') return [hole];
    return [...nodesOf(node.getSourceFile())].flatMap((one) =>
      ts.isPropertyAssignment(one) && one.name.getText() === 'text' ? this.waysOf(one.initializer, depth) : [],
    );
  }

  /** The function that is called: of the same file, else the one of that name. @param {ts.CallExpression} call @returns {Callable | null} */
  #callee(call) {
    const known = this.#functions.get(nameOf(call.expression)) ?? [];
    const own = known.filter(({ source }) => source === call.getSourceFile());
    if (own.length > 0) return own[0]?.node ?? null;
    const imported = ts.isPropertyAccessExpression(call.expression) || isImported(call);
    return imported && known.length === 1 ? (known[0]?.node ?? null) : null;
  }
}

const isImported = (/** @type {ts.CallExpression} */ call) =>
  call
    .getSourceFile()
    .statements.some(
      (one) =>
        ts.isImportDeclaration(one) &&
        new RegExp(`\\b${call.expression.getText()}\\b`).test(one.importClause?.getText() ?? ''),
    );

/** Whether a function is there to say what is wrong. */
const makesError = (/** @type {Callable | null} */ own) =>
  own !== null && /Error|never|Fail/.test(`${own.type?.getText() ?? ''}${own.body?.getText() ?? ''}`);

/** @param {ts.Node} node @returns {node is Callable} */
const isCallable = (node) =>
  ts.isFunctionDeclaration(node) ||
  ts.isMethodDeclaration(node) ||
  ts.isArrowFunction(node) ||
  ts.isFunctionExpression(node);

/** @param {Callable} node @returns {string | null} */
function declaredName(node) {
  if (node.name) return node.name.getText();
  const { parent } = node;
  return ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent) ? parent.name.getText() : null;
}

const nameOf = (/** @type {ts.Expression} */ callee) =>
  ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText();

/** The function around a node. @returns {ts.Node | undefined} */
const enclosing = (/** @type {ts.Node} */ node) => ts.findAncestor(node.parent, isCallable);

/** Where a name comes from, in the same file. @param {ts.Identifier} name @returns {ts.VariableDeclaration | ts.ParameterDeclaration | null} */
function declarationOf(name) {
  for (let scope = name.parent; scope; scope = scope.parent) {
    if (isCallable(scope)) {
      const own = scope.parameters.find((one) => one.name.getText() === name.text);
      if (own) return own;
    }
    if (!ts.isBlock(scope) && !ts.isSourceFile(scope)) continue;
    for (const statement of scope.statements) {
      if (!ts.isVariableStatement(statement)) continue;
      const own = statement.declarationList.declarations.find((one) => one.name.getText() === name.text);
      if (own) return own;
    }
  }
  return null;
}

/** @param {ts.Node} node @returns {Generator<ts.Node>} */
function* nodesOf(node) {
  yield node;
  /** @type {ts.Node[]} */
  const children = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

/** @template Value @param {Map<string, Value[]>} map @param {string} key @param {Value} value */
function push(map, key, value) {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
