//! Signs what is sent, so that a receiver can tell who sent it, and when.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::digest::hexadecimal;

/// Signs with a secret (HMAC-SHA256, RFC 2104).
#[derive(Clone)]
pub(super) struct Signer(Hmac<Sha256>);

impl Signer {
    pub(super) fn new(secret: &str) -> Self {
        Self(Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length"))
    }

    /// `t=SECONDS,v1=HEX`, where the second is the HMAC of the seconds (since 1970), a full stop and the body.
    pub(super) fn sign(&self, seconds: u64, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{seconds}.").as_bytes());
        mac.update(body);
        format!("t={seconds},v1={}", hexadecimal(&mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_what_other_tools_make() {
        // printf '1700000000.{"state":"finished"}' | openssl dgst -sha256 -hmac 'a secret of some length'
        assert_eq!(
            Signer::new("a secret of some length").sign(1_700_000_000, br#"{"state":"finished"}"#),
            "t=1700000000,v1=8c0f950b4d72523304ee735bb0820cb7178f1cab7bb8c83f71b909567a1df659"
        );
    }
}
