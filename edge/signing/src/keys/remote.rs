//! Keys at a trust provider: a client of the Cloud Signature Consortium API 2.0. The provider sees hashes, never papers.

use crate::Cert;
use crate::names::SHA256;
use base::sign::SignFault;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::Duration;

/// A credential at a provider.
pub struct Provider<'a> {
    pub address: &'a str,
    pub credential: &'a str,
    pub client_token: &'a str,
    pub patience: Duration,
}

impl Provider<'_> {
    async fn ask(&self, method: &str, body: Value) -> Result<Value, SignFault> {
        let address = self.address.trim_end_matches('/');
        let unreachable = |error: reqwest::Error| SignFault::Unreachable(if error.is_timeout() { "quá thời gian chờ".into() } else { "không kết nối được".into() });
        let client = reqwest::Client::builder().timeout(self.patience).redirect(reqwest::redirect::Policy::none()).build().map_err(unreachable)?;
        let request = client.post(format!("{address}/{method}")).bearer_auth(self.client_token).header("content-type", "application/json").body(body.to_string());
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(unreachable)?;
        let answer: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(answer);
        }
        let said = answer["error"].as_str().unwrap_or_default();
        let description = answer["error_description"].as_str().unwrap_or_default();
        Err(match said {
            "invalid_pin" => SignFault::WrongPin,
            "invalid_otp" => SignFault::WrongOtp,
            _ if description.contains("credentialID") => SignFault::NoKey,
            _ => SignFault::Unreachable(format!("nhà cung cấp trả lời {} {said}", status.as_u16())),
        })
    }

    /// The credentials that this client may use (`credentials/list`).
    pub async fn list(&self) -> Result<Vec<String>, SignFault> {
        let answer = self.ask("credentials/list", json!({})).await?;
        Ok(answer["credentialIDs"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// The chain of the credential's certificate, its own first (`credentials/info`). Refuses a key that is disabled.
    pub async fn certificate(&self) -> Result<Vec<Vec<u8>>, SignFault> {
        let answer = self.ask("credentials/info", json!({ "credentialID": self.credential, "certificates": "chain", "certInfo": false, "authInfo": true })).await?;
        if answer["key"]["status"] != "enabled" {
            return Err(SignFault::NoKey);
        }
        let listed = answer["cert"]["certificates"].as_array();
        let chain: Vec<Vec<u8>> = listed.into_iter().flatten().filter_map(Value::as_str).filter_map(|text| STANDARD.decode(text).ok()).collect();
        if chain.first().is_some_and(|der| Cert::read(der).is_some()) { Ok(chain) } else { Err(SignFault::NoKey) }
    }

    /// Has the provider send a one-time code to the owner (`credentials/sendOTP`).
    pub async fn send_code(&self) -> Result<(), SignFault> {
        self.ask("credentials/sendOTP", json!({ "credentialID": self.credential })).await.map(|_| ())
    }

    /// Authorises one batch with PIN and one-time code, and signs it (`credentials/authorize`, `signatures/signHash`).
    pub async fn sign(&self, rsa: bool, pin: &str, otp: &str, digests: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, SignFault> {
        let hashes: Vec<String> = digests.iter().map(|d| STANDARD.encode(d)).collect();
        let proofs: Vec<Value> = [("PIN", pin), ("OTP", otp)].iter().filter(|(_, v)| !v.is_empty()).map(|(id, value)| json!({ "id": id, "value": value })).collect();
        let authorise = json!({
            "credentialID": self.credential, "numSignatures": hashes.len(), "hashes": hashes,
            "hashAlgorithmOID": SHA256.to_string(), "authData": proofs
        });
        let answer = self.ask("credentials/authorize", authorise).await?;
        let sad = answer["SAD"].as_str().ok_or_else(|| SignFault::Unreachable("nhà cung cấp không trao quyền ký".into()))?;
        let algorithm = if rsa { crate::names::RSA_SHA256 } else { crate::names::ECDSA_SHA256 };
        let sign = json!({
            "credentialID": self.credential, "SAD": sad, "hashes": hashes,
            "hashAlgorithmOID": SHA256.to_string(), "signAlgo": algorithm.to_string()
        });
        let answer = self.ask("signatures/signHash", sign).await?;
        let signed: Vec<Vec<u8>> =
            answer["signatures"].as_array().into_iter().flatten().filter_map(Value::as_str).filter_map(|s| STANDARD.decode(s).ok()).collect();
        if signed.len() == digests.len() { Ok(signed) } else { Err(SignFault::Unreachable("nhà cung cấp trả thiếu chữ ký".into())) }
    }
}
