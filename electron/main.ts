/** The main process: opens the engine, the bridge and the window, and connects them. Constructs, does nothing else. */
import path from 'node:path';
import { app, type BrowserWindow, nativeTheme, protocol, safeStorage, session } from 'electron';
import { devDependencies, version } from '../package.json';
import { createAppEvents } from './app-events.ts';
import type { AppEvent, AppInfo, Settings } from './bridge/app.ts';
import { createBridgeServer } from './bridge/bridge-server.ts';
import { createBuildFolders } from './builds/build-folders.ts';
import { openBuildRecipes } from './builds/build-recipes.ts';
import { type BuildSources, createBuilds } from './builds/builds.ts';
import { appHandlers } from './handlers/app-handlers.ts';
import { buildHandlers } from './handlers/build-handlers.ts';
import { containerHandlers } from './handlers/container-handlers.ts';
import { watchHandlers } from './handlers/container-watch.ts';
import { hostHandlers } from './handlers/host-handlers.ts';
import { imageHandlers } from './handlers/image-handlers.ts';
import { portHandlers } from './handlers/port-handlers.ts';
import { registryHandlers } from './handlers/registry-handlers.ts';
import { terminalHandlers } from './handlers/terminal-handlers.ts';
import { transferHandlers } from './handlers/transfer-handlers.ts';
import { toFailure } from './hosts/host-error.ts';
import { type OurEngine, openOurEngine } from './hosts/our-engine.ts';
import { createTransfers } from './hosts/transfers.ts';
import { createQuitting } from './quitting.ts';
import { dockerCliLogins, dockerConfigFile } from './registries/docker-config.ts';
import { keychainOf } from './registries/keychain.ts';
import { openLoginFile } from './registries/login-file.ts';
import { keepHandedOver } from './registries/login-keeper.ts';
import { createLogins } from './registries/logins.ts';
import { report, reportStart } from './reporting.ts';
import { openSettings } from './settings/settings-file.ts';
import { parseSwitches, type Switches } from './switches.ts';
import { openHostTerminal } from './terminals/host-terminal.ts';
import { sampleImageAddress } from './welcome.ts';
import { serveFile } from './windows/app-protocol.ts';
import { chooseFolder } from './windows/folder-dialog.ts';
import { guardContents, guardPermissions, guardRequests } from './windows/guards.ts';
import { connectIpc } from './windows/ipc.ts';
import { openMainWindow } from './windows/main-window.ts';
import { openInBrowser } from './windows/open-external.ts';
import { askInDialog } from './windows/quit-dialog.ts';
import { chooseNewFile } from './windows/save-dialog.ts';
import { chooseTextFile } from './windows/text-file-dialog.ts';

const uid = process.getuid?.() ?? 0;
const packaged = app.isPackaged;
const userData = (name: string) => path.join(app.getPath('userData'), name);

/** Majors of Electron that are supported at one time, counted back from the pinned one. */
const SUPPORTED = 3;

function appInfo(): AppInfo {
  const electron = process.versions.electron ?? '';
  const major = Number.parseInt(electron, 10);
  return {
    version,
    electron,
    chrome: process.versions.chrome ?? '',
    node: process.versions.node,
    platform: process.platform as AppInfo['platform'],
    systemLanguage: app.getPreferredSystemLanguages().find((language) => /^[a-z]{2}/i.test(language)) ?? 'en',
    rootWithoutSandbox: uid === 0 && app.commandLine.hasSwitch('no-sandbox'),
    developmentRuntime: major <= Number.parseInt(devDependencies.electron, 10) - SUPPORTED,
  };
}

function isDark({ theme }: Settings): boolean {
  return theme === 'system' ? nativeTheme.shouldUseDarkColors : theme === 'dark';
}

function languageOf({ language }: Settings, { systemLanguage }: AppInfo): 'en' | 'zh-CN' {
  if (language !== 'system') return language;
  return systemLanguage.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

function windowEvent(window: BrowserWindow | undefined): AppEvent {
  return {
    type: 'window',
    maximized: window?.isMaximized() ?? false,
    fullscreen: window?.isFullScreen() ?? false,
    focused: window?.isFocused() ?? false,
  };
}

/** Serves the page's own files, and the sample image where a switch names it. */
function servePage({ sampleImage }: Switches): void {
  const root = path.join(app.getAppPath(), 'dist', 'renderer');
  const extra = new Map(sampleImage === undefined ? [] : [[sampleImageAddress, sampleImage]]);
  protocol.handle('app', async (request) => {
    const { status, headers, body } = await serveFile(root, request.url, extra);
    return new Response(body, { status, headers });
  });
}

/** The app's own state, and the way out of it. */
function openApp(ours: OurEngine) {
  const info = appInfo();
  let window: BrowserWindow | undefined;
  const themeEvent = (): AppEvent => ({ type: 'theme', systemDark: nativeTheme.shouldUseDarkColors });
  const settings = openSettings(userData('settings.json'), (changed) =>
    events.tell({ type: 'settings', settings: changed }),
  );
  const events = createAppEvents(() => [
    windowEvent(window),
    themeEvent(),
    { type: 'settings', settings: settings.current },
  ]);
  nativeTheme.on('updated', () => events.tell(themeEvent()));

  const ask = async (running: number) => {
    if (!window) return;
    if (events.listeners > 0 && !window.webContents.isCrashed()) {
      window.show();
      events.tell({ type: 'quit-question', running });
      return;
    }
    const { answer, remember } = await askInDialog(window, running, languageOf(settings.current, info));
    await quitting.answer(answer, remember);
  };
  const running = () =>
    ours.engine.state.phase === 'running'
      ? [...ours.state.containers.values()].filter(({ state }) => state === 'running').map(({ id }) => id)
      : [];
  const quitting = createQuitting({
    onQuit: () => settings.current.onQuit,
    remember: (onQuit) => settings.change({ onQuit }),
    running,
    ask,
    stop: (id) => ours.host.containers.stop(id),
    leaving: (stopping) => events.tell({ type: 'quit-started', stopping }),
    leave: () => app.quit(),
  });
  return {
    info,
    settings,
    events,
    quitting,
    window: () => window,
    use: (opened: BrowserWindow) => {
      window = opened;
    },
  };
}

function openWindow(own: ReturnType<typeof openApp>): BrowserWindow {
  const { settings, events, quitting } = own;
  let lastCrash = 0;
  const window = openMainWindow({
    preload: path.join(app.getAppPath(), 'dist', 'electron', 'preload.cjs'),
    icon: path.join(app.getAppPath(), 'assets', 'icon', '256x256.png'),
    stateFile: userData('window.json'),
    dark: isDark(settings.current),
    title: app.name,
    changed: () => events.tell(windowEvent(own.window())),
    mayClose: quitting.close,
    crashed: () => {
      if (quitting.isLeaving || Date.now() - lastCrash < 10_000) return;
      lastCrash = Date.now();
      own.window()?.reload();
    },
  });
  own.use(window);
  return window;
}

interface BuildingParts {
  ours: OurEngine;
  isBeluga: () => boolean;
  loginFor: BuildSources['loginFor'];
}

/** What builds need of this computer: folders, and how they were asked for. */
function openBuilding({ ours, isBeluga, loginFor }: BuildingParts) {
  const folders = createBuildFolders();
  const recipes = openBuildRecipes(userData('builds.json'));
  const builds = createBuilds({ ...ours, isBeluga, folders, recipes, loginFor });
  let last: string | undefined;
  const drop = (place: string) => {
    last = place;
  };
  return { folders, recipes, builds, drop, dropped: () => last };
}

/** Who is signed in where; to be called when the app is ready. */
function openLogins({ host }: OurEngine) {
  const loginFile = openLoginFile(userData('logins.json'), keychainOf(safeStorage, process.platform));
  const logins = createLogins({ system: host.system, file: loginFile, cli: dockerCliLogins(dockerConfigFile()) });
  return { loginFile, logins };
}

/**
 * A signal ends the app at once; the engine and its containers go on. Asking is for a user who quits. To be called when
 * the app is ready: Chromium sets handlers of its own until then, which would quit and so ask.
 */
function endBySignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.exit(0));
}

async function run(switches: Switches): Promise<void> {
  await app.whenReady();
  endBySignals();
  guardPermissions(session.defaultSession);
  guardRequests(session.defaultSession);
  servePage(switches);
  const places = { appPath: app.getAppPath(), resourcesPath: process.resourcesPath, packaged, uid, ...switches };
  const ours = openOurEngine(places, userData('engine.log'));
  const own = openApp(ours);
  const signedIn = openLogins(ours);
  const isBeluga = () => ours.engine.state.version?.beluga !== undefined;
  const transfers = createTransfers({ ...ours, isBeluga, loginFor: signedIn.logins.loginFor });
  const building = openBuilding({ ours, isBeluga, loginFor: signedIn.logins.loginFor });
  const server = createBridgeServer({
    toFailure,
    handlers: {
      ...appHandlers(own),
      ...hostHandlers(ours),
      ...imageHandlers({ ...ours, chooseNewFile: (name) => chooseNewFile(own.window(), name) }),
      ...transferHandlers(transfers),
      ...buildHandlers({ ...building, host: ours.host, chooseFolder: () => chooseFolder(own.window()) }),
      ...containerHandlers(ours),
      ...watchHandlers(ours),
      ...portHandlers({ ...ours, openInBrowser, chooseFolder: () => chooseFolder(own.window()) }),
      ...registryHandlers({ ...ours, ...signedIn, chooseTextFile: (what) => chooseTextFile(own.window(), what) }),
      ...terminalHandlers({ host: ours.host, openHostTerminal: (size) => openHostTerminal(ours.socket, size) }),
    },
  });
  connectIpc({ server, ownContents: () => own.window()?.webContents.id, dropped: building.drop });
  const window = openWindow(own);
  const leaving = new AbortController();
  void keepHandedOver({ ours, logins: signedIn.logins }, leaving.signal);
  app.on('second-instance', () => {
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  });
  app.on('before-quit', (event) => {
    if (own.quitting.isLeaving) return;
    event.preventDefault();
    void own.quitting.request();
  });
  app.on('will-quit', () => {
    leaving.abort();
    server.close();
    transfers.close();
    building.builds.close();
    void ours.engine.close();
  });
  if (switches.report || switches.screenshot !== undefined || switches.welcome) {
    await reportStart({ ours, window, switches }, leaving.signal);
  }
}

function start(): void {
  const switches = parseSwitches(process.argv, process.cwd());
  // Whoever started the app may have gone: that is no reason to end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  if (!app.requestSingleInstanceLock()) {
    if (switches.report) report({ event: 'already-running' });
    app.exit(0);
    return;
  }
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  // every page that comes to be is sandboxed; as root Chromium has no sandbox, and would not start with one
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
  guardContents();
  app.on('window-all-closed', () => app.quit());
  run(switches).catch((error: unknown) => {
    console.error(error);
    app.exit(1);
  });
}

start();
