import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { sampleImage } from '../sample.ts';

/** One Dockerfile with what it is built from. */
export interface BuildCase {
  name: string;
  lines: readonly string[];
  files?: Readonly<Record<string, string>>;
  options?: readonly string[];
  /** Makes what is no plain file. */
  fill?(folder: string): void;
  /** What the builders of before 2021 do not know. */
  isNew?: true;
  /** What the classic builder does not know. */
  needs?: 'buildkit';
}

const from = `FROM ${sampleImage}`;
const tree = { a: 'a\n', 'dir/b': 'b\n', 'dir/sub/c': 'c\n', 'x.txt': 'x\n', 'y.txt': 'y\n' };

const ofConfig: readonly BuildCase[] = [
  {
    name: 'env',
    lines: [
      from,
      'ENV A=1 B="two words" C=three\\ words',
      'ENV D $A-${B:-no}',
      'ENV E=${NO:-default} F=${A:+set} G=$$A',
      "ENV H='$A'",
      'RUN env | sort | grep -v -E "^(HOME|HOSTNAME|PATH|PWD|SHLVL)=" > /env',
    ],
  },
  {
    name: 'arg',
    lines: [
      'ARG BASE=nosuch',
      'ARG TAG=latest',
      `FROM \${BASE}:\${TAG}`,
      'ARG V=default',
      'ARG TAG',
      'ARG EMPTY',
      'ENV V2=$V',
      'RUN echo "$V $TAG [$EMPTY]" > /args',
      'LABEL v=$V',
    ],
    options: ['--build-arg', `BASE=${sampleImage.split(':')[0]}`, '--build-arg', 'V=given'],
  },
  {
    name: 'label',
    lines: [from, 'LABEL a=1 "b c"="d e" f=\'g h\'', 'LABEL multi="one \\', '  two"', 'LABEL a=again empty=""'],
  },
  { name: 'expose', lines: [from, 'EXPOSE 80 443/tcp 53/udp', 'EXPOSE 8000-8002', 'EXPOSE 80'] },
  {
    name: 'volume',
    lines: [
      from,
      'RUN mkdir /v && echo before > /v/before',
      'VOLUME /v /w',
      'VOLUME ["/y", "/z"]',
      'RUN echo after > /v/after',
    ],
  },
  {
    name: 'command',
    lines: [
      from,
      'CMD ["first"]',
      'ENTRYPOINT ["e", "1"]',
      'CMD echo $HOME "two words"',
      'ENTRYPOINT exec top -b',
      'ENTRYPOINT ["last"]',
    ],
  },
  { name: 'command-reset', lines: [`${from} AS base`, 'CMD ["of the base"]', 'FROM base', 'ENTRYPOINT ["e"]'] },
  { name: 'shell', lines: [from, 'SHELL ["/bin/sh", "-e", "-c"]', 'RUN echo $0 > /shell', 'CMD echo x'] },
  {
    name: 'user',
    lines: [
      from,
      'RUN mkdir -p /work && chown 1000:1000 /work',
      'USER 1000:1000',
      'WORKDIR /work',
      'RUN id -u > /work/id',
      'COPY a /work/a',
      'USER root',
    ],
    files: { a: 'a' },
  },
  {
    name: 'workdir',
    lines: [
      from,
      'WORKDIR /one',
      'WORKDIR two',
      'WORKDIR ../three',
      'ENV D=/four',
      'WORKDIR $D/five',
      'RUN pwd > /pwd',
      'WORKDIR /',
    ],
  },
  { name: 'stopsignal', lines: [from, 'STOPSIGNAL SIGUSR1', 'STOPSIGNAL 9'] },
  { name: 'healthcheck', lines: [from, 'HEALTHCHECK --interval=5s --timeout=3s --retries=2 CMD ["true"]'] },
  { name: 'healthcheck-none', lines: [from, 'HEALTHCHECK CMD true', 'HEALTHCHECK NONE'] },
  {
    name: 'onbuild',
    lines: [
      `${from} AS base`,
      'ONBUILD RUN echo triggered > /triggered',
      'ONBUILD ENV T=1',
      'FROM base',
      'RUN cat /triggered',
    ],
  },
  { name: 'onbuild-kept', lines: [from, 'ONBUILD COPY . /app', 'ONBUILD RUN make'] },
  { name: 'maintainer', lines: [from, 'MAINTAINER Somebody <some@body>'] },
];

const ofLanguage: readonly BuildCase[] = [
  { name: 'escape', lines: ['# escape=`', from, 'RUN echo one `', '  two > /one', 'ENV P=C:\\\\dir'] },
  {
    name: 'continued',
    lines: [
      from,
      '# a comment',
      'RUN echo one \\',
      '# between',
      '',
      '  && echo two \\',
      '  > /two',
      'ENV A=1 \\',
      '    B=2',
    ],
  },
  { name: 'case', lines: [from.replace('FROM', 'from'), 'run echo lower > /lower', 'Env a=B', 'cmd ["x"]'] },
  {
    name: 'heredoc-run',
    lines: [
      from,
      'RUN <<EOF',
      'echo one > /one',
      'echo "$A" > /two',
      'EOF',
      'RUN cat <<A > /a && cat <<"B" > /b',
      'x',
      'A',
      '$y',
      'B',
    ],
    isNew: true,
  },
  {
    name: 'heredoc-copy',
    lines: [
      from,
      'ENV W=word',
      'COPY <<one <<"two" /dir/',
      '$W',
      'one',
      '$W',
      'two',
      'COPY --chmod=0700 <<-EOF /script',
      '\t#!/bin/sh',
      '\techo hi',
      'EOF',
    ],
    isNew: true,
  },
  {
    name: 'stages',
    lines: [
      `${from} AS one`,
      'RUN echo 1 > /1',
      `${from} AS two`,
      'COPY --from=one /1 /from-one',
      'RUN echo 2 > /2',
      from,
      'COPY --from=1 /2 /from-one /',
      `COPY --from=${sampleImage} /bin/busybox /other`,
    ],
  },
  {
    name: 'target',
    lines: [`${from} AS one`, 'RUN echo 1 > /1', 'FROM one AS two', 'RUN false'],
    options: ['--target', 'one'],
  },
  { name: 'scratch', lines: ['FROM scratch', 'COPY a /a', 'ENV X=1', 'CMD ["/a"]'], files: { a: 'a' } },
  {
    name: 'platform',
    needs: 'buildkit',
    lines: [
      `FROM --platform=$BUILDPLATFORM ${sampleImage}`,
      'ARG TARGETPLATFORM',
      'ARG TARGETOS',
      'ARG TARGETARCH',
      'ARG BUILDARCH',
      'RUN echo $TARGETPLATFORM $TARGETOS $TARGETARCH $BUILDARCH > /p',
    ],
  },
  { name: 'labels-given', lines: [from, 'LABEL a=1 b=2'], options: ['--label', 'a=9', '--label', 'c=3'] },
];

const ofFiles: readonly BuildCase[] = [
  {
    name: 'copy',
    lines: [
      from,
      'COPY a /file',
      'COPY a /into/',
      'COPY a x.txt /several/',
      'COPY dir /dir',
      'COPY dir/ /slash/',
      'COPY . /all/',
      'WORKDIR /w',
      'COPY a .',
      'COPY a ./named',
      'COPY ["a", "/json form"]',
    ],
    files: tree,
  },
  {
    name: 'copy-wildcards',
    lines: [from, 'COPY *.txt /t/', 'COPY d*/b /b', 'COPY dir/su? /sub/', 'COPY [xy].txt /set/'],
    files: tree,
  },
  {
    name: 'copy-owner',
    lines: [
      from,
      'RUN echo "me:x:1234:5678::/:/bin/sh" >> /etc/passwd && echo "us:x:77:" >> /etc/group',
      'COPY --chown=me a /me',
      'COPY --chown=me:us dir /dir',
      'COPY --chown=9:8 a /n/',
      'ADD --chown=5 a /added',
    ],
    files: tree,
  },
  {
    name: 'copy-mode',
    lines: [from, 'COPY --chmod=0640 a /a', 'COPY --chmod=755 dir /dir', 'ADD --chmod=600 x.txt /x'],
    files: tree,
    isNew: true,
  },
  {
    name: 'copy-link',
    lines: [from, 'RUN mkdir /d && echo old > /d/old', 'COPY --link a /d/a', 'COPY --link --chown=3:4 dir /e'],
    files: tree,
    isNew: true,
  },
  {
    name: 'copy-over',
    lines: [
      from,
      'COPY dir /d',
      'RUN chmod 700 /d && echo new > /d/b',
      'COPY dir /d',
      'RUN rm -r /d/sub',
      'COPY dir/sub/c /d/sub',
    ],
    files: tree,
  },
  {
    name: 'copy-through-symlink',
    lines: [
      from,
      'RUN mkdir /real && ln -s /real /link && ln -s nowhere /broken',
      'COPY a /link/',
      'COPY dir /link/dir',
      'COPY x.txt /link/deeper/',
    ],
    files: tree,
  },
  {
    name: 'symlinks',
    lines: [from, 'COPY . /ctx/', 'COPY link /followed', 'COPY dirlink /dirlink', 'COPY dirlink/b /b'],
    files: tree,
    fill(folder) {
      symlinkSync('a', path.join(folder, 'link'));
      symlinkSync('dir', path.join(folder, 'dirlink'));
      symlinkSync('/nowhere', path.join(folder, 'dir/broken'));
    },
  },
  {
    name: 'ignore',
    lines: [from, 'COPY . /ctx/'],
    files: {
      ...tree,
      '.dockerignore': '# comment\n*.txt\n!y.txt\ndir/sub\n**/b\n.dockerignore\nDockerfile\n',
      'deep/er/b': 'b',
      'deep/keep': 'k',
    },
  },
  {
    name: 'modes',
    lines: [from, 'COPY . /m/'],
    files: { plain: 'p', exec: 'e', 'closed/in': 'i' },
    fill(folder) {
      chmodSync(path.join(folder, 'exec'), 0o755);
      chmodSync(path.join(folder, 'plain'), 0o640);
      chmodSync(path.join(folder, 'closed'), 0o700);
      mkdirSync(path.join(folder, 'empty'), 0o711);
      utimesSync(path.join(folder, 'plain'), 1e9, 1e9);
    },
  },
  {
    name: 'names',
    lines: [from, 'COPY ["with space", "ü", "/odd/"]', 'COPY ["brackets[[]1].txt", "/odd/"]', 'COPY . /all/'],
    files: { 'with space': 's', ü: 'u', 'brackets[1].txt': 'b', '-dash': 'd', 'quote\'"': 'q' },
  },
  {
    name: 'add-archives',
    lines: [
      from,
      'ADD plain.tar /plain/',
      'ADD packed.tar.gz /packed/',
      'ADD no-archive.tar /kept',
      'COPY plain.tar /copied.tar',
    ],
    files: { ...tree, 'no-archive.tar': 'nothing of the kind' },
    fill(folder) {
      const same = ['--sort=name', '--mtime=@1000000000', '--owner=0', '--group=0'];
      execFileSync('tar', ['-cf', path.join(folder, 'plain.tar'), ...same, '-C', folder, 'a', 'dir']);
      execFileSync('tar', ['-czf', path.join(folder, 'packed.tar.gz'), ...same, '-C', folder, 'dir', 'x.txt']);
    },
  },
  {
    name: 'hard-links',
    lines: [
      from,
      'RUN mkdir /l && echo x > /l/one && ln /l/one /l/two && ln -s two /l/three',
      from,
      'COPY --from=0 /l /l',
    ],
  },
  {
    name: 'special',
    lines: [
      from,
      'RUN mkdir /s && echo > /s/setuid && chmod 4755 /s/setuid && mkdir /s/sticky && chmod 1777 /s/sticky && mkfifo /s/fifo && chown 7:8 /s/fifo',
      from,
      'COPY --from=0 /s /s',
    ],
  },
  {
    name: 'deletions',
    lines: [
      from,
      'RUN mkdir -p /d/e && echo 1 > /d/1 && echo 2 > /d/e/2',
      'RUN rm /d/1 && rm -r /d/e && mkdir /d/e && echo 3 > /d/e/3',
      'RUN rm -rf /d && echo file > /d',
    ],
  },
  {
    name: 'mounts',
    needs: 'buildkit',
    lines: [
      from,
      'RUN --mount=type=bind,target=/ctx --mount=type=tmpfs,target=/t --mount=type=cache,target=/c cat /ctx/a > /a && echo > /t/x && echo > /c/x',
      'RUN list="$(ls -A / | sort)" && echo "$list" > /listed',
    ],
    files: tree,
  },
];

/** Of every instruction and its forms, each about something else. */
export const buildCases: readonly BuildCase[] = [...ofConfig, ...ofLanguage, ...ofFiles];
