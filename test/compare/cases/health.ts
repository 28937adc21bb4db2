import { docker, type Group, get, given } from '../steps.ts';

const state = [
  '{{.State.Health.Status}}:{{.State.Health.FailingStreak}}',
  '{{(index .State.Health.Log 0).ExitCode}}:{{(index .State.Health.Log 0).Output}}',
].join(':');
const often = '--health-interval 300ms --health-retries 1';

/** Health checks. */
export const health: readonly Group[] = [
  {
    name: 'health',
    steps: [
      given(`run -d --name @well --health-cmd 'echo fine' ${often} IMAGE`),
      given(`run -d --name @ill --health-cmd 'echo broken; exit 7' ${often} IMAGE`),
      given(`run -d --name @slow --health-cmd 'sleep 9' --health-timeout 300ms ${often} IMAGE`),
      docker('inspect -f {{.State.Health.Status}} @well', { until: /^healthy/ }),
      docker(`inspect -f '${state}' @well`, { as: 'what a check that is well leaves' }),
      docker('inspect -f {{.State.Health.Status}} @ill', { until: /^unhealthy/ }),
      docker(`inspect -f '${state}' @ill`, {
        as: 'what a check that fails leaves',
        mask: [[/^unhealthy:\d+/g, 'unhealthy:N']],
      }),
      docker('inspect -f {{.State.Health.Status}} @slow', { until: /^unhealthy/ }),
      docker("inspect -f '{{(index .State.Health.Log 0).ExitCode}}:{{(index .State.Health.Log 0).Output}}' @slow"),
      docker('ps -a --format {{.Names}}:{{.Status}}'),
      docker('ps -a --filter health=healthy --format {{.Names}}'),
      docker('ps -a --filter health=unhealthy --format {{.Names}}', { anyOrder: true }),
      docker("inspect -f '{{json .Config.Healthcheck}}' @ill"),
      given('create --name @none --no-healthcheck IMAGE'),
      docker("inspect -f '{{json .Config.Healthcheck}}' @none"),
      docker('ps -a --filter health=none --format {{.Names}}'),
      given('create --name @new --health-cmd true IMAGE'),
      docker("inspect -f '{{json .State}}' @new"),
      docker(
        'events --since {began} --until {now} --filter container=@well --filter event=health_status --format {{.Action}}',
        { mask: [[/(?:health_status: healthy\n?)+/g, 'health_status: healthy']] },
      ),
      get('/containers/json?filters={"health":["nope"]}'),
    ],
  },
];
