import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  Extension,
  Extensions,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";
import { toBase64 } from "../base/bytes.ts";
import type { RandomBytes } from "../base/random.ts";

const COMMON_NAME = "2.5.4.3";
const SHA256_WITH_RSA = "1.2.840.113549.1.1.11";
/** ASN.1's NULL. */
const NULL = Uint8Array.of(5, 0).buffer;

const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const;

export interface SigningCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PKCS #8 in base64. */
  readonly key: string;
}

/**
 * A fresh RSA key of 2,048 bits and a self-signed certificate for it.
 *
 * Follows RFC 5280.
 */
export async function makeCertificate(
  name: string,
  { notBeforeMs, notAfterMs, random }: { notBeforeMs: number; notAfterMs: number; random: RandomBytes },
): Promise<SigningCertificate> {
  const algorithm = { ...RSA, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };
  const pair = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
  const subject = nameOf(name);
  const serial = random(16);
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40;
  const signatureAlgorithm = new AlgorithmIdentifier({ algorithm: SHA256_WITH_RSA, parameters: NULL });
  const spki = (await crypto.subtle.exportKey("spki", pair.publicKey)) as ArrayBuffer;
  const toBeSigned = new TBSCertificate({
    version: Version.v3,
    serialNumber: buffer(serial),
    signature: signatureAlgorithm,
    issuer: subject,
    validity: new Validity({ notBefore: new Date(notBeforeMs), notAfter: new Date(notAfterMs) }),
    subject,
    subjectPublicKeyInfo: AsnConvert.parse(spki, SubjectPublicKeyInfo),
    extensions: new Extensions([
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: false })),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature)),
    ]),
  });
  const signature = await crypto.subtle.sign(RSA.name, pair.privateKey, AsnConvert.serialize(toBeSigned));
  const whole = new Certificate({ tbsCertificate: toBeSigned, signatureAlgorithm, signatureValue: signature });
  const key = (await crypto.subtle.exportKey("pkcs8", pair.privateKey)) as ArrayBuffer;
  return {
    certificate: pem("CERTIFICATE", new Uint8Array(AsnConvert.serialize(whole))),
    key: toBase64(new Uint8Array(key)),
  };
}

function nameOf(commonName: string): Name {
  const value = new AttributeValue({ utf8String: commonName });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: COMMON_NAME, value })])]);
}

function extension(extnID: string, value: object): Extension {
  return new Extension({ extnID, critical: true, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function buffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = toBase64(bytes).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
