//! An operator who changes his own password.

use std::net::{IpAddr, Ipv4Addr};

use super::identity::{self, Claim};
use super::password;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::company::setup::{self, Change};

/// Sets the caller's password in place of this old one. All of his sign-ins end, this one among them. Whoever guesses the
/// old one waits longer each time, as at sign-in.
pub async fn change(cx: &Cx<'_>, old: &str, new: String) -> Result<(), Error> {
    let operator = cx.caller.operator.as_ref();
    let operator = operator.ok_or_else(|| Error::forbidden("old: 程序没有密码 / a program has no password"))?;
    password::check_length(&new)?;
    let claim =
        Claim { company: Some(cx.caller.company), operator: Some(operator.login_no.clone()), ..Claim::default() };
    let address = cx.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    identity::by_password(cx.backend, &claim, old, address).await.map_err(|refused| match refused {
        Error::NotSignedIn { .. } => Error::forbidden("old: 旧密码不正确 / is not the password"),
        other => other,
    })?;
    let hash = password::hash_aside(password::turn(cx.address).await?, new).await?;
    setup::make(cx, vec![Change::Password { login_no: operator.login_no.clone(), hash }]).await?;
    Ok(())
}
