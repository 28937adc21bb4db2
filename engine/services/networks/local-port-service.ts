import type { EndpointRecords } from '../../drivers/network/network-provider.ts';
import { addressesMeet, type PortLookout } from '../../drivers/network/port-holder.ts';
import type { PortAnswer, PortQuestion, PortService } from './port-service.ts';

export interface PortServiceDependencies {
  endpoints: Pick<EndpointRecords, 'all'>;
  nameOf(containerId: string): string | undefined;
  /** Looks at the host anew. */
  look(): PortLookout;
}

/** Over the records of published ports and what the kernel tells of bound sockets. */
export function createPortService({ endpoints, nameOf, look }: PortServiceDependencies): PortService {
  const containerWith = ({ address, port, protocol }: PortQuestion) =>
    endpoints
      .all()
      .find(({ endpoint }) =>
        endpoint.ports.some(
          (taken) =>
            taken.hostPort === port && taken.protocol === protocol && addressesMeet(taken.hostAddress, address),
        ),
      )?.containerId;
  return {
    ask(questions) {
      const ports = look();
      return questions.map((question): PortAnswer => {
        const { port, protocol } = question;
        const others = questions.filter((other) => other.protocol === protocol && other.port !== port);
        const nextFree = ports.nextFree(question, new Set(others.map((other) => other.port)));
        const id = containerWith(question);
        if (id !== undefined) {
          return { ...question, state: 'container', container: { id, name: nameOf(id) ?? id.slice(0, 12) }, nextFree };
        }
        const holder = ports.holder(question);
        if (!holder) return { ...question, state: 'free', nextFree };
        return { ...question, state: 'process', ...(holder.pid > 0 && { process: holder }), nextFree };
      });
    },
  };
}
