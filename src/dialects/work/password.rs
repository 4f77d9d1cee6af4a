//! One's own password.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::own_password;

#[derive(Deserialize, JsonSchema)]
pub struct ChangePassword {
    old: String,
    /// 8 to 128 characters.
    new: String,
}

/// That it is done.
#[derive(Serialize, JsonSchema)]
pub struct PasswordChanged {}

pub async fn change_password(cx: &Cx<'_>, request: ChangePassword) -> Result<PasswordChanged, Error> {
    own_password::change(cx, &request.old, request.new).await?;
    Ok(PasswordChanged {})
}
