import { defineConfig } from 'vitest/config';

export default defineConfig({
  define: { __VERSION__: '"dev"', __LOCALE__: '(globalThis.overtureTestLanguage ?? "en")' },
  test: { environment: 'jsdom', include: ['test/**/*.test.ts'], css: true },
});
