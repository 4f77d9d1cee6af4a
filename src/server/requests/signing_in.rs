//! Who signs in on a socket, and by what.

use std::sync::Arc;

use super::{Request, Shared, Who};
use crate::dialects::desk::Login;
use crate::dialects::{self, cti};
use crate::domain::role::Role;
use crate::error::Error;
use crate::ops::access::audit;
use crate::ops::access::credential::{self, Signed};
use crate::ops::access::identity::{self, Claim};
use crate::ops::{Caller, Operator, SYSTEM};
use crate::protocol::lenient::Scalar;

impl Request {
    /// Returns who signs in. A socket stays who it is: signing in again renews, but does not change it.
    pub(super) async fn sign_in(&self, shared: &Shared) -> Result<Arc<Caller>, Error> {
        let Who::SigningIn(claim, before) = &self.who else {
            return Err(Error::internal(&"a sign-in without its claim"));
        };
        // Before the credential is looked at: if it ends meanwhile, this sign-in ends with it.
        let since = shared.backend.clock.now();
        let address = self.session.address();
        let checked = self.check_credential(shared, claim).await.and_then(|(caller, how)| {
            identity::check_claim(&caller, claim)?;
            Ok((caller, how))
        });
        if let (Err(error), Some(company)) = (&checked, claim.company) {
            let login_no = claim.operator.as_deref().unwrap_or(SYSTEM);
            audit::refusal(&shared.backend, company, login_no, address, "login", error.row().code).await;
        }
        let (caller, how) = checked?;
        if before.as_ref().is_some_and(|before| !before.is_same_as(&caller)) {
            return Err(Error::forbidden(
                "login: 连接已由他人登录，请重新连接 / the socket is somebody else's: open another",
            ));
        }
        let caller = Arc::new(caller);
        self.session.signed_in(caller.clone(), since, shared.config.auth.sessions, &shared.config.limits)?;
        audit::sign_in(&shared.backend, &caller, address, how).await;
        Ok(caller)
    }

    /// Returns who signs in, and by what.
    async fn check_credential(&self, shared: &Shared, claim: &Claim) -> Result<(Caller, &'static str), Error> {
        let login: Login<'_> = dialects::decode(self.body.as_str())?;
        if let Some(token) = login.token.as_ref().and_then(Scalar::text) {
            return Ok((credential::by_bearer(&shared.backend, cti::http::DIALECT, &token).await?, "token"));
        }
        if let Some(password) = login.password.as_ref().and_then(Scalar::text) {
            let caller = identity::by_password(&shared.backend, claim, &password, self.session.address()).await?;
            return Ok((caller, "password"));
        }
        let query = login.signature();
        if query.is_empty() {
            return Err(Error::NotSignedIn {
                detail: "login: 需要 password、token，或 appid、timestamp、sign / give a password, a token, or appid, timestamp and sign"
                    .into(),
            });
        }
        let signed = Signed { method: "", path: "", query: &query, body: b"" };
        let app = credential::by_signature(&shared.backend, cti::http::DIALECT, &signed).await?;
        // One that works in somebody's name does so here, too.
        if let Some(operator) = &app.operator {
            identity::check_claim(&app, claim)?;
            must_be_no_admin(operator)?;
            return Ok((app, "app"));
        }
        // Another vouches for the operator it names, within its own company.
        identity::check_claim(&app, &Claim { operator: None, group: None, ..claim.clone() })?;
        let mut caller =
            identity::believe(&shared.backend, &Claim { company: Some(app.company), ..claim.clone() }).await?;
        if let Some(operator) = &caller.operator {
            must_be_no_admin(operator)?;
        }
        caller.via = app.via;
        Ok((caller, "app"))
    }
}

/// The signature of a sign-in covers no operator, and can be sent again for five minutes: too little for an admin.
fn must_be_no_admin(operator: &Operator) -> Result<(), Error> {
    if operator.role == Role::Admin {
        return Err(Error::forbidden("login: 管理员请用密码或令牌登录 / an admin signs in with a password or a token"));
    }
    Ok(())
}
