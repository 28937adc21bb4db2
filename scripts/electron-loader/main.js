// Stands in for Electron's default app where that is missing: loads the folder named on the command line, after the
// modules of -r (with which Playwright drives the app).
const { app } = require('electron');
const Module = require('node:module');
const path = require('node:path');

const preloads = [];
let folder;
for (let i = 1; i < process.argv.length && folder === undefined; i++) {
  const argument = process.argv[i];
  if (argument === '-r' || argument === '--require') preloads.push(process.argv[++i]);
  else if (!argument.startsWith('-')) folder = path.resolve(argument);
}
for (const preload of preloads) Module._load(preload, module, false);
if (folder === undefined) {
  console.error('electron: no app folder on the command line');
  app.exit(1);
} else {
  const manifest = require(path.join(folder, 'package.json'));
  app.setName(manifest.productName || manifest.name);
  if (manifest.version) app.setVersion?.(manifest.version);
  app.setAppPath(folder);
  Module._load(path.join(folder, manifest.main || 'index.js'), Module, true);
}
