/** Makes an authority and certificates by it: ECDSA on P-256, one DNS name each. */
import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import type { Clock } from '../../domain/clock.ts';
import { loadX509 } from './x509.ts';

/** A certificate and its key, both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** `server`: shows it to those who connect. `client`: shows it to those to whom it connects. */
export type Purpose = 'server' | 'client';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Other machines' clocks may be behind ours by this many milliseconds. */
const skew = 5 * 60_000;
const day = 86_400_000;

/** A new authority that signs by itself and for itself, good for `days`. */
export async function createAuthority(clock: Clock, days: number): Promise<KeyPair> {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const now = clock.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Brickyard storage nodes',
    serialNumber: serialNumber(),
    notBefore: new Date(now - skew),
    notAfter: new Date(now + days * day),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      // It signs certificates of ends only: none of them can sign another.
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: await keyPem(keys.privateKey) };
}

/**
 * A certificate for one DNS name, good for `days` but for no longer than the authority. Throws RangeError when the
 * authority is not valid now.
 */
export async function issueCertificate(
  authority: KeyPair,
  wanted: { readonly identity: string; readonly purpose: Purpose; readonly days: number },
  clock: Clock,
): Promise<KeyPair> {
  const x509 = await loadX509();
  const now = clock.now();
  const issuer = new x509.X509Certificate(authority.cert);
  if (issuer.notAfter.getTime() <= now) {
    throw new RangeError(`expected an authority that is valid now, got one until ${issuer.notAfter.toISOString()}`);
  }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const usage = { server: x509.ExtendedKeyUsage.serverAuth, client: x509.ExtendedKeyUsage.clientAuth };
  const certificate = await x509.X509CertificateGenerator.create({
    // A common name may have 64 characters, and nobody reads it.
    subject: 'CN=Brickyard',
    issuer: issuer.subject,
    serialNumber: serialNumber(),
    notBefore: new Date(now - skew),
    notAfter: new Date(Math.min(now + wanted.days * day, issuer.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage[wanted.purpose]]),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: wanted.identity }]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: await keyPem(keys.privateKey) };
}

/** Whole days that are left of a certificate; negative when it is over. */
export function daysLeft(cert: string, clock: Clock): number {
  return Math.floor((Date.parse(new X509Certificate(cert).validTo) - clock.now()) / day);
}

/** 127 random bits: positive, and never the same twice. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

async function signingKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
}
