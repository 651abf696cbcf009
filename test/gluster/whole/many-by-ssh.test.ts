import { testBurst } from './burst.ts';

await testBurst('ssh');
