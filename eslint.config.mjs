// Lint rules. Besides type-checked correctness they keep the borders between the processes (ARCHITECTURE.md).
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const noVscode = { name: 'vscode', message: "'vscode' is imported in src/host and src/extension.ts only." };
const border = (...patterns) => ['error', { paths: [noVscode], patterns }];
const forbid = (group, message) => ({ group, message });

export default tseslint.config(
  { ignores: ['dist/', 'artifacts/', 'node_modules/', '**/*.js', '**/*.cjs'] },
  js.configs.recommended,
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        fetch: 'readonly',
        Buffer: 'readonly',
        AbortController: 'readonly',
        AbortSignal: 'readonly',
        performance: 'readonly',
      },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: ['./tsconfig.node.json', './tsconfig.webview.json', './tsconfig.scripts.json'] },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'none' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/protocol/**/*.ts'],
    rules: { 'no-restricted-imports': border(forbid(['../*', '!./*'], 'protocol imports nothing of the project.')) },
  },
  {
    files: ['src/{gqa,checkpoint,model,gpu,uptrain}/**/*.ts'],
    rules: {
      'no-restricted-imports': border(
        forbid(
          ['**/host/**', '**/engine/**', '**/webview/**'],
          'The core knows neither the editor nor the engine process.',
        ),
      ),
    },
  },
  {
    files: ['src/engine/**/*.ts'],
    rules: {
      'no-restricted-imports': border(forbid(['**/host/**', '**/webview/**'], 'The engine does not know the editor.')),
    },
  },
  {
    files: ['src/{host,}/**/*.ts', 'src/extension.ts'],
    ignores: ['src/{gqa,checkpoint,model,gpu,uptrain,engine,protocol}/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            forbid(
              ['**/gpu/**', '**/checkpoint/**', '**/model/**', '**/gqa/**', '**/engine/**', 'webgpu'],
              'The host does nothing heavy: ask the engine through src/protocol.',
            ),
          ],
        },
      ],
    },
  },
  {
    files: ['webview/**/*.ts'],
    rules: { 'no-restricted-imports': border(forbid(['**/src/!(protocol)/**'], 'Webviews know only src/protocol.')) },
  },
);
