//! What is derived from the server's secret: fingerprints, tracking secrets, search digests.

use hmac::{Hmac, KeyInit as _, Mac as _};
use motcua_dossiers::names::KeyedDigest;
use sha2::Sha256;
use uuid::Uuid;

/// Bytes of the authenticator inside a tracking secret.
const TRACKING_TAG_BYTES: usize = 12;
/// Secrets that a store may have had one after the other.
const SECRETS_MAX: u32 = 100;
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The key of everything that must be keyed; 32 random bytes made at first start.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// Wraps the key.
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// Keyed digest of `bytes` for one purpose, lower-case hex.
    pub fn digest(&self, purpose: &str, bytes: &[u8]) -> String {
        motcua_audit::Hash(self.mac(purpose, bytes)).to_string()
    }

    /// Names of the settings that keep [`Self::check_value`]; the last that is set counts, since a
    /// secret that was lost is followed by another.
    pub fn check_keys() -> impl Iterator<Item = String> {
        (1..=SECRETS_MAX).map(|number| format!("secret_check:{number}"))
    }

    /// What tells this secret from any other, and tells nothing else.
    pub fn check_value(&self) -> String {
        self.digest("check", b"")
    }

    /// The unguessable text by which a citizen tracks a dossier: its id and an authenticator.
    pub fn tracking_secret(&self, dossier: Uuid) -> String {
        let tag = self.mac("tracking", dossier.as_bytes());
        let mut bytes = dossier.as_bytes().to_vec();
        bytes.extend_from_slice(&tag[..TRACKING_TAG_BYTES]);
        base32(&bytes)
    }

    /// An id that follows from others, the same every time: a UUIDv8 that nobody can foretell.
    pub(crate) fn derived_id(&self, purpose: &str, from: &[Uuid]) -> Uuid {
        let bytes: Vec<u8> = from.iter().flat_map(|id| *id.as_bytes()).collect();
        let mac = self.mac(purpose, &bytes);
        let half: [u8; 16] = mac[..16].try_into().expect("a MAC has 32 bytes");
        uuid::Builder::from_custom_bytes(half).into_uuid()
    }

    /// The dossier of a tracking secret, if the secret is genuine.
    pub fn tracked_dossier(&self, secret: &str) -> Option<Uuid> {
        let bytes = unbase32(secret)?;
        let id = Uuid::from_slice(bytes.get(..16)?).ok()?;
        let tag = self.mac("tracking", id.as_bytes());
        let given = bytes.get(16..16 + TRACKING_TAG_BYTES)?;
        // Constant time: every byte is compared whatever the first difference.
        let difference = given.iter().zip(&tag).fold(0, |acc, (a, b)| acc | (a ^ b));
        (difference == 0 && secret == self.tracking_secret(id)).then_some(id)
    }

    fn mac(&self, purpose: &str, bytes: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any key length fits HMAC");
        mac.update(purpose.as_bytes());
        mac.update(b"\n");
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }
}

impl KeyedDigest for Secret {
    fn digest(&self, purpose: &str, bytes: &[u8]) -> String {
        Self::digest(self, purpose, bytes)
    }
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut buffer, mut bits) = (0u32, 0u32);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(BASE32[(buffer >> bits) as usize & 31]));
        }
        buffer &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(BASE32[(buffer << (5 - bits)) as usize & 31]));
    }
    text
}

fn unbase32(text: &str) -> Option<Vec<u8>> {
    if text.len() > 64 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut buffer, mut bits) = (0u32, 0u32);
    for letter in text.bytes() {
        let value = BASE32.iter().position(|b| *b == letter)?;
        buffer = (buffer << 5) | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(buffer >> bits).ok()?);
            buffer &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::new([7; 32])
    }

    #[test]
    fn a_tracking_secret_leads_to_its_dossier() {
        let id = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);
        assert_eq!(secret().tracked_dossier(&secret().tracking_secret(id)), Some(id));
    }

    #[test]
    fn a_guessed_or_altered_tracking_secret_leads_nowhere() {
        let id = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);
        let genuine = secret().tracking_secret(id);
        for i in 0..genuine.len() {
            let mut altered: Vec<u8> = genuine.clone().into_bytes();
            altered[i] = if altered[i] == b'a' { b'b' } else { b'a' };
            let altered = String::from_utf8(altered).expect("letters");
            assert_eq!(secret().tracked_dossier(&altered), None, "{altered}");
        }
        assert_eq!(Secret::new([8; 32]).tracked_dossier(&genuine), None);
        assert_eq!(secret().tracked_dossier(""), None);
        assert_eq!(secret().tracked_dossier("H49.61.05-261124-0001"), None);
    }
}
