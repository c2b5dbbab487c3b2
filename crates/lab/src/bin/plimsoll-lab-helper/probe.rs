//! `probe`: a new connection at a fixed rate, each result one line of JSON on standard output.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use plimsoll_lab::{Attempt, ProbePlan, monotonic_ns};
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;

use crate::supervise::wait_for_end_of_input;
use crate::{Failure, tls};

pub(crate) fn probe(setting: &str) -> Result<(), Failure> {
    let plan: Arc<ProbePlan> = Arc::new(serde_json::from_str(setting)?);
    let authority = plan.authority.to_str().ok_or("the authority's path is not UTF-8")?;
    let mut config = ClientConfig::builder().with_root_certificates(tls::roots(authority)?).with_no_client_auth();
    // Each attempt is a client that has never been here.
    config.resumption = Resumption::disabled();
    let config = Arc::new(config);
    let name = ServerName::try_from(plan.server_name.clone())?;

    let stop = Arc::new(AtomicBool::new(false));
    std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            wait_for_end_of_input();
            stop.store(true, Ordering::Relaxed);
        }
    });
    let (results, finished) = mpsc::channel::<Attempt>();
    let writer = std::thread::spawn(move || -> std::io::Result<()> {
        let mut stdout = std::io::stdout().lock();
        for attempt in finished {
            writeln!(stdout, "{}", serde_json::to_string(&attempt)?)?;
            stdout.flush()?;
        }
        Ok(())
    });
    let interval = Duration::from_millis(plan.interval_ms);
    let mut next = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let (plan, config, name, results) = (Arc::clone(&plan), Arc::clone(&config), name.clone(), results.clone());
        let attempt = move || {
            let launched_ns = monotonic_ns();
            let result = ask(&plan, &config, &name);
            let took_us = (monotonic_ns() - launched_ns) / 1000;
            // Nobody listens any more only when the program ends.
            let _ = results.send(Attempt { launched_ns, took_us, result });
        };
        std::thread::Builder::new().stack_size(256 * 1024).spawn(attempt)?;
        next += interval;
        // A machine that was too busy for a while does not make up for it with a burst.
        next = next.max(Instant::now());
        std::thread::sleep(next - Instant::now());
    }
    drop(results);
    writer.join().map_err(|_| "the writer has died")??;
    Ok(())
}

fn ask(plan: &ProbePlan, config: &Arc<ClientConfig>, name: &ServerName<'static>) -> Result<String, String> {
    let limit = Duration::from_millis(plan.deadline_ms);
    let answer = tls::get(plan.target, name, config, &plan.path, limit)?;
    if answer.status != 200 {
        return Err(format!("status {}", answer.status));
    }
    let node = answer.text.lines().find_map(|line| line.strip_prefix(crate::readyz::ANSWERED_BY));
    Ok(node.unwrap_or("unnamed").to_owned())
}
