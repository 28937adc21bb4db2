// Runs in Electron: paints the SVG named first at each of the sizes that follow, into NxN.png beside it.
const { readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { app, BrowserWindow } = require('electron');

const [svg, ...sizes] = process.env.BELUGA_ICON.split(' ');

/** Runs in the page. */
async function paint(source, size) {
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = Object.assign(document.createElement('canvas'), { width: size, height: size });
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, size, size);
  return canvas.toDataURL('image/png').split(',')[1];
}

app.whenReady().then(async () => {
  const window = new BrowserWindow({ show: false, webPreferences: { sandbox: true } });
  await window.loadURL('about:blank');
  const source = `data:image/svg+xml;base64,${readFileSync(svg).toString('base64')}`;
  for (const size of sizes) {
    const png = await window.webContents.executeJavaScript(`(${paint})('${source}', ${Number(size)})`);
    writeFileSync(path.join(path.dirname(svg), `${size}x${size}.png`), Buffer.from(png, 'base64'));
  }
  app.exit(0);
});
