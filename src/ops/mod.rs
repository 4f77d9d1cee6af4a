//! What the product does: one function per use case, called by every door and dialect.
//!
//! A use case gets a [`Cx`]: the store confined to one company, that company's [`Catalogue`], who is
//! asking, and the time. It holds the rules; the wire's shapes stay in `dialects`, the SQL in `store`.

pub mod access;
pub mod calls;
pub mod clock;
pub mod company;
pub mod customer;
pub mod events;
pub mod files;
pub mod idempotency;
pub mod number;
pub mod reports;
pub mod systems;
pub mod webhooks;
pub mod work;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::{Arc, Weak};

use crate::config::{Calls, Config, Dialects, Import, Live, Pool, Recycle, Webhooks};
use crate::domain::catalogue::{Catalogue, login_key};
use crate::domain::role::Role;
use crate::error::Error;
use crate::print::Fonts;
use crate::store::{Asker, Scope, Store};

use access::{allowances, audit, password, token};
use calls::pops::Pops;
use clock::Clock;
use company::catalogue;
use customer::rederive;
use files::downloads::Downloads;
use files::jobs;

/// What all requests of a server share.
pub struct Backend {
    pub store: Store,
    pub clock: Clock,
    pub catalogues: catalogue::Cache,
    pub downloads: Downloads,
    pub guesses: password::Guesses,
    pub provider: token::Provider,
    pub lately: audit::Lately,
    pub allowances: allowances::Allowances,
    pub dialects: Dialects,
    pub import: Import,
    pub recycle: Recycle,
    pub pool: Pool,
    pub live: Live,
    pub webhooks: Webhooks,
    pub calls: Calls,
    pub pops: Pops,
    pub jobs: jobs::Jobs,
    /// What has a time at which it is told.
    pub due: work::due::Due,
    /// On which sockets customers are open.
    pub viewing: work::viewing::Sockets,
    /// How far keys and terms are made anew.
    pub rederived: rederive::Progress,
    /// Itself, for work that goes on after its answer.
    me: Weak<Self>,
    /// For threads that may take their time.
    pub fonts: Arc<Fonts>,
}

impl Backend {
    #[must_use]
    pub fn new(store: Store, clock: Clock, config: &Config) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            store,
            clock,
            catalogues: catalogue::Cache::default(),
            downloads: Downloads::new(config.export.url_seconds),
            guesses: password::Guesses::default(),
            provider: token::Provider::new(&config.tokens),
            lately: audit::Lately::default(),
            allowances: allowances::Allowances::new(&config.limits),
            dialects: config.dialects.clone(),
            import: config.import.clone(),
            recycle: config.recycle.clone(),
            pool: config.pool.clone(),
            live: config.live.clone(),
            webhooks: config.webhooks.clone(),
            calls: config.calls.clone(),
            pops: Pops::default(),
            jobs: jobs::Jobs::default(),
            due: work::due::Due::default(),
            viewing: work::viewing::Sockets::default(),
            rederived: rederive::Progress::default(),
            fonts: Arc::new(Fonts::new(config.print.font.clone())),
            me: me.clone(),
        })
    }

    /// Returns the backend for work that outlives this call.
    pub fn shared(&self) -> Result<Arc<Self>, Error> {
        self.me.upgrade().ok_or_else(|| Error::internal(&"the backend is gone"))
    }

    /// What a use case of this caller works with.
    pub async fn context<'a>(&'a self, caller: &'a Caller) -> Result<Cx<'a>, Error> {
        let catalogue = self.catalogues.get(&self.store.company(caller.company)).await?;
        let catalogue = catalogue.ok_or_else(|| Error::NotSignedIn {
            detail: "companyId: 没有这个公司 / there is no such company".into(),
        })?;
        self.context_of(catalogue, caller)
    }

    /// The same with what the company has set up.
    pub fn context_of<'a>(&'a self, catalogue: Arc<Catalogue>, caller: &'a Caller) -> Result<Cx<'a>, Error> {
        let scope = self.store.company(caller.company).asked_by(caller.asker());
        if caller.until.is_some_and(|until| until <= self.clock.now()) {
            return Err(Error::NotSignedIn {
                detail: "token: 已过期，请重新登录 / has expired, sign in again".into()
            });
        }
        // The role may have changed since sign-in.
        let role = match &caller.operator {
            None => None,
            Some(operator) => match catalogue.staff(&operator.login_no) {
                Some(staff) if !staff.disabled => Some(staff.role),
                _ => return Err(Error::NotSignedIn { detail: "operator: 工号已停用 / is disabled".into() }),
            },
        };
        Ok(Cx {
            backend: self,
            scope,
            catalogue,
            caller,
            role,
            now: self.clock.now(),
            address: None,
            socket: None,
            action: "",
            request: None,
        })
    }
}

/// The context of one request.
#[derive(Clone)]
pub struct Cx<'a> {
    pub backend: &'a Backend,
    /// The store, confined to the caller's company.
    pub scope: Scope,
    pub catalogue: Arc<Catalogue>,
    pub caller: &'a Caller,
    /// The role that the caller has now; `None` for the system user.
    role: Option<Role>,
    /// When the request came, microseconds.
    pub now: i64,
    /// From where, if it came from outside.
    pub address: Option<IpAddr>,
    /// On which socket of this server, if on one.
    pub socket: Option<u64>,
    /// What is asked for, as the audit calls it; empty for what goes on behind an answer.
    pub action: &'static str,
    /// The key of a write that may come again.
    pub request: Option<idempotency::RequestKey>,
}

/// Who asks, and for which company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub company: i64,
    /// `None` for the company's own system user, who acts for its apps.
    pub operator: Option<Operator>,
    /// The program that signed, if one did.
    pub via: Option<Via>,
    /// When the sign-in ends, microseconds, if it was for a time.
    pub until: Option<i64>,
}

/// A program that acts for a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// The id of its credential.
    pub credential: String,
    /// Whether it may call as often as it likes.
    pub unlimited: bool,
    /// What it may do in iBiz PLM beside what the products allow; `None` where the role decides.
    pub grants: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// As it is written.
    pub login_no: String,
    pub name: String,
    pub role: Role,
    /// The group this request is made for, when it names one; otherwise all of the operator's.
    pub groups: Vec<i64>,
}

/// What the system user is called in histories.
pub const SYSTEM: &str = "系统";

impl Caller {
    #[must_use]
    pub fn system(company: i64) -> Self {
        Self { company, operator: None, via: None, until: None }
    }

    /// Whether both are one operator, or programs of one company.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        let login_no = |caller: &Self| caller.operator.as_ref().map(|operator| login_key(&operator.login_no));
        self.company == other.company && login_no(self) == login_no(other)
    }

    /// Whose searches are counted together: an operator's, or those of a program that names none.
    #[must_use]
    pub fn asker(&self) -> Asker {
        let mut asker = DefaultHasher::new();
        let who = self.operator.as_ref().map(|operator| &operator.login_no);
        let program = self.via.as_ref().map(|via| &via.credential);
        (self.company, who.or(program)).hash(&mut asker);
        Asker(asker.finish())
    }

    /// The login number that goes into records.
    #[must_use]
    pub fn login_no(&self) -> &str {
        self.operator.as_ref().map_or(SYSTEM, |operator| &operator.login_no)
    }

    #[must_use]
    pub fn name(&self) -> &str {
        self.operator.as_ref().map_or(SYSTEM, |operator| &operator.name)
    }
}
