// The few questions that the scripts ask the engine: one JSON answer each, over its socket.
import http from 'node:http';
import path from 'node:path';

/** Data root, run root and socket of the engine that the scripts deal with: the default ones, or those named. */
export function rootsOf({ dataRoot, runRoot } = {}) {
  const roots = {
    dataRoot: path.resolve(dataRoot ?? process.env.BELUGA_DATA_ROOT ?? '/var/lib/beluga'),
    runRoot: path.resolve(runRoot ?? process.env.BELUGA_RUN_ROOT ?? '/run/beluga'),
  };
  return { ...roots, socket: path.join(roots.runRoot, 'docker.sock') };
}

/**
 * @returns {Promise<{status: number, body: any}>} `body` is the parsed JSON, or null when there is none
 * @throws Error when no engine listens, or after `timeout` milliseconds
 */
export function ask(socketPath, route, { method = 'GET', timeout = 30_000 } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, path: route, method, timeout, headers: { host: 'd' } }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        try {
          resolve({ status: response.statusCode, body: text === '' ? null : JSON.parse(text) });
        } catch {
          resolve({ status: response.statusCode, body: null });
        }
      });
    });
    request.once('timeout', () => request.destroy(new Error(`no answer from ${socketPath}`)));
    request.once('error', reject);
    request.end();
  });
}

/** True when an engine answers. */
export async function isEngineUp(socket) {
  try {
    return (await ask(socket, '/_ping', { timeout: 5000 })).status === 200;
  } catch {
    return false;
  }
}

/** The line about the engine: socket, API, how it runs. */
export async function engineLine(socket) {
  const { body: ours } = await ask(socket, '/beluga/version');
  const parts = [`unix://${socket}`, `API ${ours.apiVersion}`, ours.rootful ? 'rootful' : 'rootless', ours.snapshotter];
  parts.push(`${ours.runtime.name} ${ours.runtime.version}`, `cgroup v${ours.cgroupVersion}`);
  return parts.join('  ');
}

/** `name (state), …`, or `none`. */
export async function containersLine(socket) {
  const { body: containers } = await ask(socket, '/containers/json?all=1');
  return containers.map((each) => `${each.Names[0].slice(1)} (${each.State})`).join(', ') || 'none';
}

/** The probes of the machine that failed, with what would help. */
export async function failedProbes(socket) {
  const { body } = await ask(socket, '/beluga/doctor');
  return (body?.probes ?? []).filter((probe) => !probe.ok);
}

/** Removes every container, running or not. @throws Error naming one that could not be removed */
export async function removeContainers(socket) {
  const { body: containers } = await ask(socket, '/containers/json?all=1');
  for (const { Id, Names } of containers) {
    const { status, body } = await ask(socket, `/containers/${Id}?force=1`, { method: 'DELETE', timeout: 60_000 });
    if (status >= 400 && status !== 404) throw new Error(`${Names[0]} could not be removed: ${body?.message}`);
  }
}
