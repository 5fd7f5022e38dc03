import { defineConfig } from 'vitest/config';

export default defineConfig({
  define: { __PANEL_VERSION__: '"dev"' },
  test: { environment: 'jsdom', include: ['test/**/*.test.ts'], css: true },
});
