import '../styles/style.css';
import './i18n.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { watchApp } from '../host/app-store.ts';
import { watchBuilds } from '../host/build-store.ts';
import { watchHost } from '../host/host-store.ts';
import { watchTransfers } from '../host/transfers/transfer-store.ts';
import { App } from './app.tsx';
import { ErrorBoundary } from './error-boundary.tsx';

// for as long as the page is there; before it is drawn, so that the first drawing may have the list already
watchApp();
watchHost();
watchTransfers();
watchBuilds();

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <ErrorBoundary>
        <App />
      </ErrorBoundary>
    </StrictMode>,
  );
}
