import * as z from 'zod';
import type { BuildForm } from '../bridge/builds.ts';
import { readJsonFile, writeJsonFile } from '../settings/json-file.ts';

/** Recipes that are kept. */
const MOST = 200;

const recipe = z.object({
  folder: z.string(),
  dockerfile: z.string(),
  target: z.string(),
  arguments: z.array(z.object({ name: z.string(), value: z.string() })),
  platform: z.string(),
  reference: z.string(),
  noCache: z.boolean(),
  pull: z.boolean(),
  leaveOut: z.array(z.string()),
  secrets: z.array(z.object({ id: z.string(), content: z.literal('') })).default([]),
});
const fileSchema = z.object({
  recipes: z
    .array(z.tuple([z.string(), recipe]))
    .catch([])
    .default([]),
});

const secretName = /pass(?:word|wd|phrase)?(?:_|$)|secret|token|api_?key|access_?key|private_?key|credential|auth/i;

/** How the builds of this app were asked for, so that they can be asked for again; a secret is never written. */
export interface BuildRecipes {
  put(id: string, form: BuildForm): void;
  find(id: string): BuildForm | undefined;
  remove(id: string): void;
}

export function openBuildRecipes(file: string): BuildRecipes {
  const recipes = new Map<string, BuildForm>(readJsonFile(file, fileSchema).recipes);
  const write = () => {
    for (const id of [...recipes.keys()].slice(0, -MOST)) recipes.delete(id);
    writeJsonFile(file, { recipes: [...recipes] });
  };
  return {
    put(id, form) {
      const named = form.arguments.map(({ name, value }) => ({ name, value: secretName.test(name) ? '' : value }));
      const secrets = form.secrets.map((secret) => ({ id: secret.id, content: '' as const }));
      recipes.set(id, { ...form, arguments: named, secrets });
      write();
    },
    find: (id) => recipes.get(id),
    remove(id) {
      if (recipes.delete(id)) write();
    },
  };
}
