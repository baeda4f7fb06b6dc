//! Keys in tokens and hardware security modules, by PKCS#11. Only libraries that the operator named are loaded, because
//! loading one runs its code. One session and one PIN sign a whole batch.

use crate::soft_key::digest_info;
use crate::{Cert, asn};
use base::sign::SignFault;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, CertificateType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};

/// Which key pair on which token, and the PIN.
pub struct Place<'a> {
    pub library: &'a str,
    pub token: &'a str,
    pub label: &'a str,
    pub pin: &'a str,
}

/// A library may be started once in a process, and a sign-in counts for all sessions of a token: one at a time.
static LIBRARIES: OnceLock<Mutex<HashMap<String, Pkcs11>>> = OnceLock::new();

/// The certificate of a key pair, with every other certificate on the token behind it as its possible chain.
pub fn certificate(place: &Place) -> Result<Vec<Vec<u8>>, SignFault> {
    with_session(place, |session| {
        let found = session.find_objects(&[Attribute::Class(ObjectClass::CERTIFICATE), Attribute::CertificateType(CertificateType::X_509)])?;
        let mut own = Vec::new();
        let mut others = Vec::new();
        for handle in found {
            let (mut der, mut label) = (Vec::new(), Vec::new());
            for attribute in session.get_attributes(handle, &[AttributeType::Value, AttributeType::Label])? {
                match attribute {
                    Attribute::Value(bytes) => der = bytes,
                    Attribute::Label(bytes) => label = bytes,
                    _ => {}
                }
            }
            if label == place.label.as_bytes() { own.push(der) } else { others.push(der) }
        }
        own.retain(|der| Cert::read(der).is_some());
        if !own.is_empty() {
            own.sort_by_key(|der| Cert::read(der).is_none_or(|c| c.is_authority()));
            own.extend(others);
        }
        Ok(own)
    })
    .and_then(|chain| if chain.is_empty() { Err(SignFault::NoKey) } else { Ok(chain) })
}

/// Signs SHA-256 digests, all in one session; ECDSA signatures come as DER.
pub fn sign(place: &Place, digests: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, SignFault> {
    with_session(place, |session| {
        let key = private_key(session, place.label)?;
        let Some(key) = key else { return Ok(None) };
        let kind = session.get_attributes(key, &[AttributeType::KeyType])?;
        let is_rsa = kind.iter().any(|a| matches!(a, Attribute::KeyType(KeyType::RSA)));
        let mut signed = Vec::with_capacity(digests.len());
        for digest in digests {
            signed.push(if is_rsa {
                session.sign(&Mechanism::RsaPkcs, key, &digest_info(digest))?
            } else {
                ecdsa_der(&session.sign(&Mechanism::Ecdsa, key, digest)?)
            });
        }
        Ok(Some(signed))
    })?
    .ok_or(SignFault::NoKey)
}

fn private_key(session: &Session, label: &str) -> Result<Option<ObjectHandle>, Error> {
    let wanted = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Label(label.as_bytes().to_vec())];
    Ok(session.find_objects(&wanted)?.first().copied())
}

fn with_session<T>(place: &Place, act: impl FnOnce(&Session) -> Result<T, Error>) -> Result<T, SignFault> {
    let mut libraries = LIBRARIES.get_or_init(Mutex::default).lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if !libraries.contains_key(place.library) {
        let library = Pkcs11::new(place.library).map_err(|error| SignFault::Unreachable(format!("thư viện thiết bị ký: {error}")))?;
        match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(fault(error)),
        }
        libraries.insert(place.library.to_owned(), library);
    }
    let library = &libraries[place.library];
    let mut slot = None;
    for candidate in library.get_slots_with_token().map_err(fault)? {
        if library.get_token_info(candidate).is_ok_and(|info| info.label() == place.token) {
            slot = Some(candidate);
        }
    }
    let session = library.open_ro_session(slot.ok_or(SignFault::NoKey)?).map_err(fault)?;
    session.login(UserType::User, Some(&AuthPin::new(place.pin.into()))).map_err(fault)?;
    let outcome = act(&session).map_err(fault);
    // Dropping the session would leave the token open for whoever comes next.
    let _ = session.logout();
    outcome
}

fn fault(error: Error) -> SignFault {
    match error {
        Error::Pkcs11(RvError::PinIncorrect | RvError::PinLenRange | RvError::PinInvalid | RvError::PinExpired, _) => SignFault::WrongPin,
        Error::Pkcs11(RvError::PinLocked, _) => SignFault::Unreachable("thiết bị đã khóa vì nhập sai mã PIN nhiều lần".into()),
        Error::Pkcs11(RvError::TokenNotPresent | RvError::SlotIdInvalid | RvError::DeviceRemoved, _) => SignFault::NoKey,
        other => SignFault::Unreachable(format!("thiết bị ký: {other}")),
    }
}

/// Two numbers of equal length, one behind the other, as the SEQUENCE that certificates' standards want.
pub fn ecdsa_der(raw: &[u8]) -> Vec<u8> {
    let (r, s) = raw.split_at(raw.len() / 2);
    asn::sequence(&[&asn::integer(r), &asn::integer(s)])
}

/// The other way round, for XML: each number filled up to 32 bytes. `None` when it is no ECDSA signature of P-256.
pub fn ecdsa_raw(der: &[u8]) -> Option<Vec<u8>> {
    let numbers = asn::first(der)?.children()?;
    let [r, s] = numbers.as_slice() else { return None };
    let mut raw = Vec::with_capacity(64);
    for number in [r, s] {
        let digits: Vec<u8> = number.body.iter().copied().skip_while(|b| *b == 0).collect();
        if digits.len() > 32 {
            return None;
        }
        raw.resize(raw.len() + 32 - digits.len(), 0);
        raw.extend(digits);
    }
    Some(raw)
}
