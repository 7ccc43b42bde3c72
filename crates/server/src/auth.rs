//! Who calls: bearer tokens (JWT, EdDSA) and the caller they stand for.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use motcua_engine::Caller;
use motcua_procedures::Role;
use serde::{Deserialize, Serialize};

use crate::status::Refusal;

/// `iss` of every token.
pub(crate) const ISSUER: &str = "motcua";
/// `aud` of every token.
pub(crate) const AUDIENCE: &str = "motcua";
/// Most bytes of a token.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Tokens whose check is remembered; at most that many times [`TOKEN_BYTES_MAX`] are kept.
const TOKENS_KNOWN_MAX: usize = 1_024;
/// Difference of clocks that is forgiven.
const LEEWAY_S: u64 = 60;
/// Most bytes of a subject or unit.
const ID_BYTES_MAX: usize = 128;

/// What a token says. Every member but `unit` is required.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    /// Opaque id of the person or program.
    pub(crate) sub: String,
    pub(crate) iat: u64,
    pub(crate) nbf: u64,
    pub(crate) exp: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
    pub(crate) roles: Vec<String>,
}

impl Claims {
    /// The caller, or why nobody can be called that.
    pub(crate) fn caller(&self) -> Result<Caller, &'static str> {
        if !is_id(&self.sub) || self.sub == "system" {
            return Err("the subject must be an opaque id: 1 to 128 of A-Z a-z 0-9 . _ : @ -");
        }
        if self.unit.as_deref().is_some_and(|unit| !is_id(unit)) {
            return Err("the unit must be 1 to 128 of A-Z a-z 0-9 . _ : @ -");
        }
        let mut roles = Vec::with_capacity(self.roles.len());
        for name in &self.roles {
            match Role::from_name(name) {
                None | Some(Role::System) => return Err("it names a role that nobody can hold"),
                Some(role) if roles.contains(&role) => {}
                Some(role) => roles.push(role),
            }
        }
        if roles.is_empty() {
            return Err("it needs at least one role");
        }
        Ok(Caller { id: self.sub.clone(), unit: self.unit.clone(), roles, acting_for: None })
    }
}

fn is_id(id: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._:@-".contains(&b);
    (1..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(allowed)
}

/// When a token ends; part of every request that brought one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenEnd(u64);

impl TokenEnd {
    /// The time that is left until then.
    pub(crate) fn left(&self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(jsonwebtoken::get_current_timestamp()))
    }
}

/// Checks tokens of one key.
pub(crate) struct Verifier {
    kid: String,
    key: DecodingKey,
    validation: Validation,
    known: Mutex<HashMap<Box<[u8]>, Known>>,
}

/// What a token that was checked before stands for. Checking its signature costs more than deciding
/// a command, and a client sends the same token with every call.
struct Known {
    caller: Caller,
    /// Seconds; as in the token.
    exp: u64,
}

impl Verifier {
    pub(crate) fn new(kid: String, key: DecodingKey) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.leeway = LEEWAY_S;
        validation.validate_nbf = true;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        Self { kid, key, validation, known: Mutex::default() }
    }

    /// The caller of an `authorization` header, and when its token ends.
    ///
    /// # Errors
    /// [`Refusal::TokenMissing`], [`Refusal::TokenExpired`], or [`Refusal::TokenInvalid`] for
    /// everything else that is wrong, without saying what: a forger learns nothing.
    pub(crate) fn verified(
        &self,
        authorization: Option<&[u8]>,
    ) -> Result<(Caller, TokenEnd), Refusal> {
        let header = authorization.ok_or(Refusal::TokenMissing)?;
        let (scheme, token) = header.split_at_checked(7).ok_or(Refusal::TokenInvalid)?;
        if !scheme.eq_ignore_ascii_case(b"bearer ") || token.len() > TOKEN_BYTES_MAX {
            return Err(Refusal::TokenInvalid);
        }
        if let Some(known) = self.known().get(token) {
            let is_expired =
                known.exp.saturating_add(LEEWAY_S) < jsonwebtoken::get_current_timestamp();
            return match is_expired {
                true => Err(Refusal::TokenExpired),
                false => Ok((known.caller.clone(), TokenEnd(known.exp))),
            };
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::TokenInvalid)?;
        if header.kid.as_deref() != Some(&self.kid) || header.crit.is_some() {
            return Err(Refusal::TokenInvalid);
        }
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation);
        let claims = decoded.map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => Refusal::TokenExpired,
            _ => Refusal::TokenInvalid,
        })?;
        let caller = claims.claims.caller().map_err(|_| Refusal::TokenInvalid)?;
        let exp = claims.claims.exp;
        let mut all = self.known();
        if all.len() >= TOKENS_KNOWN_MAX {
            all.clear();
        }
        all.insert(token.into(), Known { caller: caller.clone(), exp });
        Ok((caller, TokenEnd(exp)))
    }

    #[cfg(test)]
    fn caller(&self, authorization: Option<&[u8]>) -> Result<Caller, Refusal> {
        Ok(self.verified(authorization)?.0)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Box<[u8]>, Known>> {
        self.known.lock().expect("no holder of this lock panics")
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{EncodingKey, Header};

    use super::*;
    use crate::key::TokenKey;

    const HOUR: Duration = Duration::from_secs(3600);

    fn key() -> TokenKey {
        TokenKey::ephemeral().expect("random bytes")
    }

    fn claims() -> Claims {
        let now = jsonwebtoken::get_current_timestamp();
        Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: "clerk-1".into(),
            iat: now,
            nbf: now,
            exp: now + 3600,
            unit: Some("ward-1".into()),
            roles: vec!["reception_clerk".into()],
        }
    }

    fn check(key: &TokenKey, token: &str) -> Result<Caller, Refusal> {
        key.verifier().caller(Some(format!("Bearer {token}").as_bytes()))
    }

    fn refused(key: &TokenKey, claims: &Claims) -> Refusal {
        let token = key.sign(claims).expect("signed");
        check(key, &token).expect_err("refused")
    }

    #[test]
    fn an_issued_token_names_its_caller() {
        let key = key();
        let roles = [Role::ReceptionClerk, Role::ReturnClerk];
        let token = key.issue("clerk-1", Some("ward-1"), &roles, HOUR).expect("issued");
        let caller = check(&key, &token).expect("genuine");
        assert_eq!(caller.id, "clerk-1");
        assert_eq!(caller.unit.as_deref(), Some("ward-1"));
        assert_eq!(caller.roles, roles);
    }

    #[test]
    fn no_token_is_told_apart_from_a_bad_one() {
        let verifier = key().verifier();
        assert!(matches!(verifier.caller(None), Err(Refusal::TokenMissing)));
        for bad in [&b""[..], b"Bearer", b"Bearer ", b"Basic abc", b"Bearer a.b.c", b"Bearer \xff"]
        {
            assert!(matches!(verifier.caller(Some(bad)), Err(Refusal::TokenInvalid)), "{bad:?}");
        }
    }

    #[test]
    fn a_token_of_another_key_is_forged() {
        let token = key().issue("x", None, &[Role::Applicant], HOUR).expect("issued");
        assert!(matches!(check(&key(), &token), Err(Refusal::TokenInvalid)));
    }

    #[test]
    fn an_altered_token_is_forged() {
        let key = key();
        let token = key.issue("clerk-1", None, &[Role::Applicant], HOUR).expect("issued");
        let parts: Vec<&str> = token.split('.').collect();
        let mut altered = claims();
        altered.roles = vec!["administrator".into()];
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&altered).expect("JSON"));
        let forged = format!("{}.{body}.{}", parts[0], parts[2]);
        assert!(matches!(check(&key, &forged), Err(Refusal::TokenInvalid)));
        let cut = &token[..token.len() - 4];
        assert!(matches!(check(&key, cut), Err(Refusal::TokenInvalid)));
    }

    #[test]
    fn the_algorithm_none_is_refused() {
        let key = key();
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims()).expect("JSON"));
        let refusal = check(&key, &format!("{header}.{body}."));
        assert!(matches!(refusal, Err(Refusal::TokenInvalid)));
    }

    #[test]
    fn a_symmetric_signature_is_refused() {
        let key = key();
        let mut header = Header::new(Algorithm::HS256);
        let token = key.sign(&claims()).expect("signed");
        header.kid = jsonwebtoken::decode_header(&token).expect("a header").kid;
        let secret = EncodingKey::from_secret(b"public key as a secret");
        let forged = jsonwebtoken::encode(&header, &claims(), &secret).expect("signed");
        assert!(matches!(check(&key, &forged), Err(Refusal::TokenInvalid)));
    }

    #[test]
    fn an_expired_token_says_so_and_a_minute_is_forgiven() {
        let key = key();
        let now = jsonwebtoken::get_current_timestamp();
        let expired = Claims { exp: now - 120, ..claims() };
        assert!(matches!(refused(&key, &expired), Refusal::TokenExpired));
        let just = Claims { exp: now - 5, ..claims() };
        check(&key, &key.sign(&just).expect("signed")).expect("forgiven");
    }

    #[test]
    fn a_token_that_is_known_expires_like_any_other_and_vouches_for_no_other() {
        let key = key();
        let verifier = key.verifier();
        let token = key.issue("clerk-1", None, &[Role::Applicant], HOUR).expect("issued");
        let call = |token: &str| verifier.caller(Some(format!("Bearer {token}").as_bytes()));
        let first = call(&token).expect("genuine");
        assert_eq!(call(&token).expect("known"), first);
        let cut = &token[..token.len() - 4];
        assert!(matches!(call(cut), Err(Refusal::TokenInvalid)));
        for known in verifier.known().values_mut() {
            known.exp = jsonwebtoken::get_current_timestamp() - LEEWAY_S - 1;
        }
        assert!(matches!(call(&token), Err(Refusal::TokenExpired)));
    }

    #[test]
    fn a_token_for_later_or_for_others_is_refused() {
        let key = key();
        let now = jsonwebtoken::get_current_timestamp();
        for wrong in [
            Claims { nbf: now + 600, ..claims() },
            Claims { aud: "elsewhere".into(), ..claims() },
            Claims { iss: "elsewhere".into(), ..claims() },
            Claims { sub: String::new(), ..claims() },
            Claims { sub: "system".into(), ..claims() },
            Claims { sub: "Nguyễn Văn A".into(), ..claims() },
            Claims { unit: Some("a b".into()), ..claims() },
            Claims { roles: vec![], ..claims() },
            Claims { roles: vec!["king".into()], ..claims() },
            Claims { roles: vec!["system".into()], ..claims() },
        ] {
            assert!(matches!(refused(&key, &wrong), Refusal::TokenInvalid), "{wrong:?}");
        }
    }

    #[test]
    fn a_token_over_8_kib_is_refused_unread() {
        let key = key();
        let long = "a".repeat(TOKEN_BYTES_MAX + 1);
        assert!(matches!(check(&key, &long), Err(Refusal::TokenInvalid)));
    }

    #[test]
    fn claims_that_are_missing_are_refused() {
        let key = key();
        for name in ["iss", "aud", "sub", "iat", "nbf", "exp", "roles"] {
            let mut body = serde_json::to_value(claims()).expect("JSON");
            body.as_object_mut().expect("an object").remove(name);
            let signed = key.sign(&claims()).expect("signed");
            let header = signed.split('.').next().expect("a header");
            let unsigned = format!("{header}.{}", URL_SAFE_NO_PAD.encode(body.to_string()));
            let signature = key.sign_bytes(unsigned.as_bytes());
            let token = format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(signature));
            assert!(matches!(check(&key, &token), Err(Refusal::TokenInvalid)), "{name}");
        }
    }

    #[test]
    fn nobody_is_issued_a_token_that_would_be_refused() {
        let key = key();
        for (subject, unit, roles) in [
            ("", None, &[Role::Applicant][..]),
            ("system", None, &[Role::Applicant]),
            ("x", Some(""), &[Role::Applicant]),
            ("x", None, &[]),
            ("x", None, &[Role::System]),
        ] {
            key.issue(subject, unit, roles, HOUR).expect_err(subject);
        }
        key.issue("x", None, &[Role::Applicant], Duration::ZERO).expect_err("no time");
    }
}
