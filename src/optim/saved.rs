//! States as JSON, for checkpoints.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// A state as it is stored.
pub(crate) fn save(state: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(state).unwrap_or_default()
}

/// A state that was stored by [`save`].
///
/// # Errors
/// [`Error::Malformed`] naming the part if it is not a state of its.
pub(crate) fn restore<T: DeserializeOwned>(name: &str, state: &serde_json::Value) -> Result<T> {
    T::deserialize(state).map_err(|error| Error::Malformed {
        what: "the optimizer's state",
        message: format!("{name}: {error}"),
    })
}
