/**
 * All that is held to real LVM, on one guest: its boots are what takes the time. What comes later finds blank disks where
 * others have been, and an own disk for its bricks.
 */
import { afterAll } from 'vitest';
import { closeGuest } from './harness/storage-guest.ts';
import './scenario.ts';
import './devices.ts';
import './bricks.ts';
import './cuts.ts';

afterAll(() => closeGuest());
