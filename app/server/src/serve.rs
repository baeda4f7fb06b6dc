//! The running server: pages and API, live pages, the worker, metrics; stopped cleanly.

use crate::config::{Listen, Opened, Place, secret};
use crate::modules::{migrations, modules};
use crate::operate;
use anyhow::{Context, Result};
use axum::serve::ListenerExt;
use base::Clock;
use codes::CatalogueFiles;
use db::{Db, DbOptions, Worker};
use indicatif::{ProgressBar, ProgressStyle};
use metrics_exporter_prometheus::PrometheusBuilder;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use web::{Config, Wiring};

/// Brings the schema and the catalogues up to date, with a progress bar for long work.
pub async fn prepare(options: &DbOptions) -> Result<()> {
    let modules = modules();
    let mut owner = options.connect_owner().await?;
    let all = migrations(&modules);
    if db::migrate::is_current(&mut owner, &all).await.unwrap_or(false)
        && codes::is_loaded(&mut owner, &CatalogueFiles::Embedded).await?
    {
        return Ok(());
    }
    let applied = db::migrate::migrate(&mut owner, &all).await?;
    if applied > 0 {
        eprintln!("Cấu trúc dữ liệu: đã thêm {applied} bước");
    }
    load_catalogues(&mut owner, &CatalogueFiles::Embedded).await?;
    Ok(())
}

/// Loads the catalogues with a progress bar.
pub async fn load_catalogues(owner: &mut db::PgConnection, files: &CatalogueFiles) -> Result<codes::Loaded> {
    let bar = ProgressBar::new(1);
    bar.set_style(ProgressStyle::with_template("Danh mục [{bar:30}] {pos}/{len} {msg}").expect("a template"));
    let loaded = codes::load(owner, files, &mut |table, done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
        bar.set_message(table.to_owned());
    })
    .await?;
    bar.finish_and_clear();
    Ok(loaded)
}

/// What distinguishes a demonstration from a real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Real,
    Demo,
}

/// Runs until Ctrl-C or SIGTERM. `opened` is closed at the end; `trust` is whose signatures count here.
pub async fn serve(place: &Place, listen: &Listen, opened: Opened, mode: Mode, trust: signing::Settings) -> Result<()> {
    let metrics = PrometheusBuilder::new().install_recorder().context("metrics")?;
    let modules = modules();
    let listeners = web::router::listeners(&modules);
    let db = Db::connect(&opened.options, &listeners).await?;
    let clock = Clock::system();
    let public_url = if listen.public_url.is_empty() { format!("http://{}", listen.listen) } else { listen.public_url.clone() };
    let config = Config {
        demo: mode == Mode::Demo,
        sandbox: mode == Mode::Demo,
        secure_cookies: public_url.starts_with("https://"),
        public_url,
        data_dir: place.data.clone(),
        secret: secret(&place.data)?,
    };
    let wiring = Wiring {
        authenticator: Arc::new(practitioner::Accounts::new(db.clone())),
        papers: Arc::new(documents::Press::new()),
        bank_qr: Arc::new(payment::VietQr),
        stock: Arc::new(inventory::StockDesk),
        signing: Arc::new(signing::Engine::new(trust)),
        records: Arc::new(record::RecordDesk::new(db::Files::in_folder(&place.data.join("files"))?)),
        findings: Arc::new(diagnostics::FindingDesk),
        dues: Arc::new(billing::DueDesk),
        messages: Arc::new(messaging::Post),
        telephone: Arc::new(care_desk::Switchboard),
        places: Arc::new(scheduling::PlaceDesk),
        files: db::Files::in_folder(&place.data.join("files"))?,
    };
    connect_messages(mode, &config.public_url, config.secret)?;
    let (app, router) = web::router::assemble(db.clone(), clock.clone(), config, wiring, modules);
    portal::wait::connect(app.clone());
    record::archive::sealing::connect(record::archive::sealing::Engine { signing: app.wiring.signing.clone(), files: app.files().clone() });

    let listener = TcpListener::bind(listen.listen).await.with_context(|| format!("cannot listen on {}", listen.listen))?;
    let (stop, stopped) = watch::channel(false);
    let mut tasks = tokio::task::JoinSet::new();
    {
        let (live, db) = (app.live.clone(), db.clone());
        let mut stopped = stopped.clone();
        tasks.spawn(async move {
            tokio::select! {
                result = live.forward(&db) => if let Err(error) = result { tracing::error!(%error, "live pages stand still") },
                _ = stopped.changed() => {}
            }
        });
    }
    if !listen.no_worker {
        let worker = Worker::new(db.clone(), clock.clone(), &listeners);
        let mut closing = stopped.clone();
        tasks.spawn(async move { worker.run(async move { let _ = closing.changed().await; }).await });
        tasks.spawn(operate::anchor_hourly(db.clone(), clock.clone(), place.data.clone(), stopped.clone()));
        if let Some(provider) = invoice_provider(mode)? {
            let courier = einvoice::Courier::new(db.clone(), clock.clone(), provider);
            let mut closing = stopped.clone();
            tasks.spawn(async move { courier.run(async move { let _ = closing.changed().await; }).await });
        }
        tasks.spawn(count_use_hourly(db.clone(), clock.clone(), place.data.join("files"), stopped.clone()));
        tasks.spawn(keep_bookings(db.clone(), clock.clone(), stopped.clone()));
        if let Some(folder) = record::digitise::folder::configured() {
            let (app, mut closing) = (app.clone(), stopped.clone());
            tasks.spawn(async move { record::digitise::folder::watch(app, folder, async move { let _ = closing.changed().await; }).await });
        }
    }
    {
        let admin = axum::Router::new().route("/metrics", axum::routing::get(move || std::future::ready(metrics.render())));
        let address = listen.admin_listen;
        let mut stopped = stopped.clone();
        match TcpListener::bind(address).await {
            Ok(listener) => {
                tasks.spawn(async move {
                    let _ = axum::serve(listener, admin).with_graceful_shutdown(async move { let _ = stopped.changed().await; }).await;
                });
            }
            Err(error) => tracing::warn!(%error, %address, "no metrics: the admin address is taken"),
        }
    }
    if let Some(address) = listen.link_listen {
        let names = vec![address.ip().to_string(), "localhost".into()];
        let identity = record_link::identity(&place.data.join("link"), &names)?;
        record_link::connect(&identity);
        let (app, mut closing) = (app.clone(), stopped.clone());
        tasks.spawn(async move {
            let stop = async move { let _ = closing.changed().await; };
            if let Err(error) = record_link::serve(app, &identity, address, stop).await {
                tracing::error!(%error, "partners cannot reach the records here");
            }
        });
    }
    if listen.mllp != "off" {
        match TcpListener::bind(&listen.mllp).await {
            Ok(listener) => {
                let mut closing = stopped.clone();
                let app = app.clone();
                tasks.spawn(async move { hl7v2::listener::serve(listener, app, async move { let _ = closing.changed().await; }).await });
            }
            Err(error) => tracing::warn!(%error, address = listen.mllp, "no HL7 messages: the address is taken or no address"),
        }
    }
    // Before the ready line: whoever waits for it may stop us at once.
    let signal = wait_for_signal();
    println!("ready http://{}", listener.local_addr()?);
    let mut closing = stopped.clone();
    // Without this a small answer waits for the acknowledgement of the one before.
    let listener = listener.tap_io(|tcp| {
        let _ = tcp.set_nodelay(true);
    });
    let server = tokio::spawn(async move {
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(async move { let _ = closing.changed().await; })
            .await
    });
    signal.await;
    eprintln!("Đang dừng…");
    let _ = stop.send(true);
    // Open live pages never end by themselves: after three seconds they are cut.
    let _ = tokio::time::timeout(Duration::from_secs(3), server).await;
    let _ = tokio::time::timeout(Duration::from_secs(10), async { while tasks.join_next().await.is_some() {} }).await;
    db.close().await;
    opened.close()
}

/// Says who carries messages: the provider that the environment names, the stand-in phone in a demonstration, otherwise
/// nobody, and then messages wait on the list of background jobs.
fn connect_messages(mode: Mode, public_url: &str, secret: [u8; 32]) -> Result<()> {
    care_desk::connect(Arc::new(notify::Exchange::new().context("the way to telephone systems")?));
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let stand_in = || (mode == Mode::Demo).then(|| named("YBA_SANDBOX_URL").unwrap_or_else(|| "http://127.0.0.1:8090".into()));
    if let Some(address) = named("YBA_MESSAGES_URL").or_else(stand_in) {
        let usual = if mode == Mode::Demo { sandbox::MESSAGES_KEY.to_owned() } else { String::new() };
        let key = named("YBA_MESSAGES_KEY").unwrap_or(usual);
        let sender = named("YBA_MESSAGES_SENDER").unwrap_or_else(|| "YBA".into());
        let provider = notify::Provider { address, key: key.clone(), sender };
        notify::connect(provider.clone());
        messaging::connect(messaging::Link { carrier: Arc::new(provider), public_url: public_url.to_owned(), secret, hook_key: key });
    }
    Ok(())
}

/// Who gives electronic invoices their numbers: the provider that the environment names, the stand-in in a demonstration,
/// otherwise nobody, and then invoices wait.
fn invoice_provider(mode: Mode) -> Result<Option<Arc<dyn einvoice::Provider>>> {
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let stand_in = || {
        let sandbox = named("YBA_SANDBOX_URL").unwrap_or_else(|| "http://127.0.0.1:8090".into());
        (mode == Mode::Demo).then(|| format!("{sandbox}/einvoice"))
    };
    let Some(address) = named("YBA_EINVOICE_URL").or_else(stand_in) else { return Ok(None) };
    let http = einvoice::Http::new(address, Duration::from_secs(8)).context("the way to the invoice provider")?;
    Ok(Some(Arc::new(http)))
}

/// Keeps once a day how much each customer uses, and tells the modules when a subscription turned with the day.
async fn count_use_hourly(db: Db, clock: Clock, files: std::path::PathBuf, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = subscription::usage::daily_round(&db, clock.now(), &files).await {
            tracing::warn!(%error, "the use of the day could not be kept");
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(3600)) => {}
            _ = stop.changed() => return,
        }
    }
}

/// Every minute ends holds that ran out and notes who did not come; every hour lays out the days ahead.
async fn keep_bookings(db: Db, clock: Clock, mut stop: watch::Receiver<bool>) {
    for minute in 0u64.. {
        if minute.is_multiple_of(60)
            && let Err(error) = scheduling::round::plan_ahead(&db, clock.now()).await
        {
            tracing::warn!(%error, "the days ahead could not be laid out");
        }
        if let Err(error) = scheduling::round::sweep(&db, clock.now()).await {
            tracing::warn!(%error, "bookings that ran out could not be ended");
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(60)) => {}
            _ = stop.changed() => return,
        }
    }
}

/// Runs background jobs only, until Ctrl-C or SIGTERM.
pub async fn work(place: &Place, opened: Opened) -> Result<()> {
    let modules = modules();
    let listeners = web::router::listeners(&modules);
    let db = Db::connect(&opened.options, &listeners).await?;
    let clock = Clock::system();
    let (stop, stopped) = watch::channel(false);
    let use_of_day = tokio::spawn(count_use_hourly(db.clone(), clock.clone(), place.data.join("files"), stopped.clone()));
    let anchors = tokio::spawn(operate::anchor_hourly(db.clone(), clock.clone(), place.data.clone(), stopped.clone()));
    let bookings = tokio::spawn(keep_bookings(db.clone(), clock.clone(), stopped));
    let public_url = std::env::var("YBA_PUBLIC_URL").unwrap_or_default();
    connect_messages(Mode::Real, public_url.trim_end_matches('/'), secret(&place.data)?)?;
    let engine = signing::Engine::new(signing::Settings::from_environment()?);
    let files = db::Files::in_folder(&place.data.join("files"))?;
    record::archive::sealing::connect(record::archive::sealing::Engine { signing: Arc::new(engine), files });
    Worker::new(db.clone(), clock, &listeners).run(wait_for_signal()).await;
    let _ = stop.send(true);
    let _ = anchors.await;
    let _ = bookings.await;
    let _ = use_of_day.await;
    db.close().await;
    opened.close()
}

/// Resolves on Ctrl-C or SIGTERM. Listens from the call on, not from the first poll: a signal that arrives before
/// somebody waits is not lost.
pub fn wait_for_signal() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate()).expect("a signal handler");
    let mut interrupt = signal(SignalKind::interrupt()).expect("a signal handler");
    async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
