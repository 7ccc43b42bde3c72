//! Page tokens: opaque, and good only for the list and the arguments they were made for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use motcua_engine::limits::PAGE_ROWS_MAX;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// Rows of a page that does not say how many.
const PAGE_ROWS_DEFAULT: u32 = 50;
/// Bytes of the authenticator.
const TAG_BYTES: usize = 16;
/// Most bytes of a token.
const TOKEN_BYTES_MAX: usize = 1_024;

/// Rows of a page: 0 = 50, over 1,000 = 1,000; `None` for a negative number.
pub(crate) fn rows(page_size: i32) -> Option<u32> {
    match u32::try_from(page_size).ok()? {
        0 => Some(PAGE_ROWS_DEFAULT),
        rows => Some(rows.min(PAGE_ROWS_MAX)),
    }
}

/// Makes and reads page tokens.
#[derive(Clone)]
pub(crate) struct PageTokens {
    key: [u8; 32],
}

impl PageTokens {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// A token for the rows after `place` of `list` with these arguments.
    pub(crate) fn issue(
        &self,
        list: &str,
        arguments: &impl Serialize,
        place: &impl Serialize,
    ) -> String {
        let place = serde_json::to_vec(place).expect("keys are plain data");
        let mut token = self.tag(list, arguments, &place).to_vec();
        token.extend_from_slice(&place);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// The place of a token; `None` if it is not one of ours for this list and these arguments.
    pub(crate) fn open<P: DeserializeOwned>(
        &self,
        list: &str,
        arguments: &impl Serialize,
        token: &str,
    ) -> Option<P> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (tag, place) = bytes.split_at_checked(TAG_BYTES)?;
        let genuine = self.tag(list, arguments, place);
        if !bool::from(genuine.ct_eq(tag)) {
            return None;
        }
        serde_json::from_slice(place).ok()
    }

    fn tag(&self, list: &str, arguments: &impl Serialize, place: &[u8]) -> [u8; TAG_BYTES] {
        let arguments = serde_json::to_vec(arguments).expect("arguments are plain data");
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any key length fits HMAC");
        for part in [list.as_bytes(), &arguments, place] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        let tag = mac.finalize().into_bytes();
        tag[..TAG_BYTES].try_into().expect("a digest is longer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> PageTokens {
        PageTokens::new([7; 32])
    }

    #[test]
    fn page_sizes_have_a_default_and_a_most() {
        assert_eq!(rows(0), Some(50));
        assert_eq!(rows(7), Some(7));
        assert_eq!(rows(1_001), Some(1_000));
        assert_eq!(rows(-1), None);
    }

    #[test]
    fn a_token_leads_back_to_its_place() {
        let token = tokens().issue("list", &("late", 1), &(5_i64, "x"));
        let place: Option<(i64, String)> = tokens().open("list", &("late", 1), &token);
        assert_eq!(place, Some((5, "x".into())));
    }

    #[test]
    fn a_token_of_another_list_key_or_argument_is_refused() {
        let token = tokens().issue("list", &"late", &5);
        assert_eq!(tokens().open::<i32>("other", &"late", &token), None);
        assert_eq!(tokens().open::<i32>("list", &"mine", &token), None);
        assert_eq!(PageTokens::new([8; 32]).open::<i32>("list", &"late", &token), None);
    }

    #[test]
    fn every_altered_or_foreign_token_is_refused() {
        let token = tokens().issue("list", &"late", &5);
        for i in 0..token.len() {
            let mut altered = token.clone().into_bytes();
            altered[i] = if altered[i] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).expect("ASCII");
            assert_eq!(tokens().open::<i32>("list", &"late", &altered), None, "{altered}");
        }
        for foreign in ["", "x", "!!", "AAAA", &"A".repeat(2_000)] {
            assert_eq!(tokens().open::<i32>("list", &"late", foreign), None, "{foreign}");
        }
    }
}
