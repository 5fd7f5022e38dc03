import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// The server serves the build under /desk/. In development the API is the mock
// server or a real one; name the latter with OVERTURE_URL.
const server_url = process.env.OVERTURE_URL ?? 'http://127.0.0.1:4780';

export default defineConfig({
  base: '/desk/',
  plugins: [svelte()],
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0 },
  server: {
    proxy: { '/v1': { target: server_url, ws: true, changeOrigin: false } },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
