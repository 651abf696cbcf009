import { describe, expect, it } from 'vitest';
import { Status } from '../../../src/cli/serve/status.ts';

describe('status of a replica', () => {
  it('is not ready while it starts, and says what it waits for', () => {
    const status = new Status();
    expect(status.readiness()).toEqual({ ready: false, role: 'starting', reasons: ['the process is starting'] });
    status.starting('reading the state');
    expect(status.readiness().reasons).toEqual(['reading the state']);
  });

  it('is ready as a standby', () => {
    const status = new Status();
    status.standby();
    expect(status.readiness()).toEqual({ ready: true, role: 'standby', reasons: [] });
  });

  it('is ready as leader exactly as long as nothing is missing', () => {
    const missing: string[] = [];
    const status = new Status();
    status.leading(() => missing);
    expect(status.readiness().ready).toBe(true);
    missing.push('nothing has been heard of claims for 200 s');
    expect(status.readiness()).toEqual({ ready: false, role: 'leader', reasons: missing });
  });

  it('stays stopping, whatever was still on its way', () => {
    const status = new Status();
    status.stopping('SIGTERM');
    status.leading(() => []);
    status.standby();
    expect(status.readiness()).toEqual({ ready: false, role: 'stopping', reasons: ['stopping: SIGTERM'] });
  });
});
