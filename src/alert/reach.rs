//! Connects to the transports of the routes without sending anything.

use super::transport::for_route;
use crate::base::bounded::{self, Unfinished};
use crate::config::Route;
use std::time::{Duration, Instant};

/// Time that the bounded steps of a connection have to report why they failed.
const GRACE: Duration = Duration::from_millis(300);

/// Reaches the transport of each route within `limit`, all at once: connects, greets, logs in. Returns who answered, or
/// why nobody did, in the order of the routes.
pub fn reach(routes: &[Route], full_host: &str, limit: Duration) -> Vec<Result<String, String>> {
    let groups = routes.iter().map(|route| vec![(route.clone(), full_host.to_string())]).collect();
    let deadline = Instant::now() + limit;
    let answers = bounded::groups(limit + GRACE, groups, move |(route, full_host): &(Route, String)| {
        let transport = for_route(route);
        transport.reach(full_host, deadline).map_err(|failure| transport.redactor().redact(&failure.reason))
    });
    let named = |answer| match answer {
        Ok(result) => result,
        Err(Unfinished::TimedOut) => Err(format!("no answer within {} s", limit.as_secs())),
        Err(Unfinished::Panicked) => Err("failed inside osmon (please report this)".to_string()),
    };
    answers.into_iter().map(named).collect()
}
