import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));

export default defineConfig({
  root: here,
  base: './',
  plugins: [react(), tailwindcss()],
  build: {
    outDir: fileURLToPath(new URL('../dist/renderer', import.meta.url)),
    emptyOutDir: true,
    sourcemap: false,
    // The fallback Electron 25 is Chromium 114.
    target: 'chrome114',
    // Every font is a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Read from the disk, not over a network.
    chunkSizeWarningLimit: 1000,
  },
  server: { host: '127.0.0.1', port: 5199, strictPort: true, fs: { allow: ['..'] } },
});
