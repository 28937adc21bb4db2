import i18next from 'i18next';
import { Component, type ReactNode } from 'react';
import { Button } from '../ui/button.tsx';
import { PageMessage } from '../ui/page-states.tsx';
import { TooltipProvider } from '../ui/tooltip.tsx';

interface Props {
  children: ReactNode;
}

/** A fault of the page itself: says so and offers to begin anew. Containers do not notice. */
export class ErrorBoundary extends Component<Props, { error: Error | undefined }> {
  override state: { error: Error | undefined } = { error: undefined };

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    const copy = () => void navigator.clipboard.writeText(error.stack ?? error.message);
    return (
      <TooltipProvider>
        <div className="drag flex h-full">
          <PageMessage
            failed
            title={i18next.t('app.brokenTitle')}
            text={i18next.t('app.brokenText', { cause: error.message })}
            actions={
              <>
                <Button onClick={() => window.location.reload()}>{i18next.t('app.reload')}</Button>
                <Button kind="quiet" onClick={copy}>
                  {i18next.t('engine.copyError')}
                </Button>
              </>
            }
          />
        </div>
      </TooltipProvider>
    );
  }
}
