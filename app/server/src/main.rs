//! `yba`: one binary for clinics, hospitals and the province. `yba --help` lists what it does.

use anyhow::{Context, Result, bail};
use base::Clock;
use clap::{Args, Parser, Subcommand};
use codes::CatalogueFiles;
use db::Db;
use server::config::{Listen, Place};
use server::serve::Mode;
use server::{demo, operate, serve, verify};
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

/// Nền tảng y tế mở: tiếp nhận, khám, chỉ định, kê đơn, thu ngân, hồ sơ.
#[derive(Parser)]
#[command(name = "yba", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server: pages, API, background jobs
    Serve {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        listen: Listen,
    },
    /// Run background jobs only
    Work {
        #[command(flatten)]
        place: Place,
    },
    /// Bring the database schema up to date
    Migrate {
        #[command(flatten)]
        place: Place,
    },
    /// Run a demonstration with invented facilities and people
    Demo(DemoArgs),
    /// Run the stand-ins for outside partners
    Sandbox {
        #[arg(long, env = "YBA_SANDBOX_LISTEN", default_value = "127.0.0.1:8090")]
        listen: std::net::SocketAddr,
        /// Where the stand-ins report to
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        server: String,
        /// Where the stand-in authority keeps its keys
        #[arg(long, env = "YBA_SANDBOX_DATA", default_value = "./var/sandbox")]
        keys: PathBuf,
    },
    /// Catalogues: diseases, drugs, services, places
    #[command(subcommand)]
    Catalogue(CatalogueCommand),
    /// Facilities
    #[command(subcommand)]
    Facility(FacilityCommand),
    /// Accounts of staff
    #[command(subcommand)]
    User(UserCommand),
    /// Say who runs this platform and where customers pay; the key of the bank's messages is read from standard input
    Platform(PlatformArgs),
    /// The audit trail
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Write a backup of the database to a file
    Backup {
        file: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Restore a backup
    Restore {
        file: PathBuf,
        /// Put the backup in the place of what is there
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Print the description of the API
    Openapi,
    /// Say whether a signed PDF or XML is as it was signed; ends with 0 valid, 1 invalid, 2 unreadable
    Verify {
        file: PathBuf,
        /// Root certificates to trust (PEM or DER, a file or a folder); otherwise YBA_TRUST
        #[arg(long)]
        trust: Vec<PathBuf>,
    },
}

#[derive(Args)]
struct DemoArgs {
    /// Port on 127.0.0.1
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Begin the world again
    #[arg(long)]
    fresh: bool,
    /// Invent so many more people at the facility
    #[arg(long, default_value_t = 0)]
    people: u64,
    /// Invent so many visits of theirs
    #[arg(long, default_value_t = 0)]
    visits: u64,
    /// The facility to invent them for
    #[arg(long, default_value = "84101")]
    facility: String,
    /// Only make the world; do not serve it
    #[arg(long)]
    no_serve: bool,
    /// Port of the stand-in partners
    #[arg(long, default_value_t = 8090)]
    sandbox_port: u16,
    /// Address for HL7 messages; `off` for none
    #[arg(long, env = "YBA_MLLP", default_value = "127.0.0.1:2575")]
    mllp: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Subcommand)]
enum CatalogueCommand {
    /// Load or refresh all catalogues
    Load {
        /// A folder to load from instead of what the binary carries
        #[arg(long)]
        from: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Subcommand)]
enum FacilityCommand {
    /// Make a facility
    Create {
        #[arg(long)]
        code: String,
        #[arg(long)]
        name: String,
        #[arg(long, default_value = "BASIC")]
        package: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Subcommand)]
enum UserCommand {
    /// Make an account; the password is read from standard input
    Create {
        #[arg(long)]
        facility: String,
        #[arg(long)]
        login: String,
        #[arg(long)]
        name: String,
        #[arg(long, default_value = "admin")]
        role: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Args)]
struct PlatformArgs {
    /// Code of the facility whose operators have the desk
    #[arg(long)]
    facility: String,
    /// Name on invoices
    #[arg(long)]
    name: String,
    #[arg(long, default_value = "")]
    address: String,
    #[arg(long, default_value = "")]
    tax_code: String,
    #[arg(long, default_value = "")]
    phone: String,
    /// The bank's six digits
    #[arg(long)]
    bank_bin: String,
    #[arg(long)]
    bank_account: String,
    #[arg(long)]
    bank_holder: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Verify the audit chain of every facility; fails when a row was changed, deleted, inserted or reordered
    Verify {
        #[command(flatten)]
        place: Place,
    },
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_env("YBA_LOG").unwrap_or_else(|_| "warn".into()))
        .with_writer(std::io::stderr)
        .init();
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    if let Command::Verify { file, trust } = &cli.command {
        return match runtime.block_on(verify::verify(file, trust, Clock::system().now())) {
            Ok((outcome, lines)) => {
                print!("{lines}");
                ExitCode::from(outcome as u8)
            }
            Err(error) => {
                eprintln!("yba: {error:#}");
                ExitCode::from(verify::Outcome::Unreadable as u8)
            }
        };
    }
    match runtime.block_on(run(cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("yba: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Serve { place, listen } => {
            let opened = place.open().await?;
            serve::prepare(&opened.options).await?;
            serve::serve(&place, &listen, opened, Mode::Real, signing::Settings::from_environment()?).await
        }
        Command::Work { place } => {
            let opened = place.open().await?;
            serve::work(&place, opened).await
        }
        Command::Migrate { place } => {
            let opened = place.open().await?;
            let mut owner = opened.options.connect_owner().await?;
            let applied = db::migrate::migrate(&mut owner, &server::modules::migrations(&server::modules::modules())).await?;
            println!("{applied} migrations applied");
            opened.close()
        }
        Command::Demo(args) => run_demo(args).await,
        Command::Sandbox { listen, server, keys } => {
            let authority = sandbox::trust::Authority::open(&keys, &format!("http://{listen}"), Clock::system())?;
            sandbox::run(listen, server, authority, serve::wait_for_signal()).await
        }
        Command::Catalogue(CatalogueCommand::Load { from, place }) => {
            let opened = place.open().await?;
            let mut owner = opened.options.connect_owner().await?;
            db::migrate::migrate(&mut owner, &server::modules::migrations(&server::modules::modules())).await?;
            let files = from.map_or(CatalogueFiles::Embedded, CatalogueFiles::Folder);
            let loaded = serve::load_catalogues(&mut owner, &files).await?;
            println!("{} tables loaded ({} rows), {} unchanged, {} rows end-dated", loaded.tables, loaded.rows, loaded.unchanged, loaded.gone);
            opened.close()
        }
        Command::Facility(FacilityCommand::Create { code, name, package, place }) => {
            let opened = place.open().await?;
            serve::prepare(&opened.options).await?;
            let mut owner = opened.options.connect_owner().await?;
            let new = operate::NewFacility { code: &code, name: &name, package: &package };
            let id = operate::create_facility(&mut owner, &new).await?;
            println!("facility {code} has the internal number {id}");
            opened.close()
        }
        Command::User(UserCommand::Create { facility, login, name, role, place }) => {
            let mut password = String::new();
            std::io::stdin().take(1000).read_to_string(&mut password).context("the password on standard input")?;
            let opened = place.open().await?;
            let db = Db::connect(&opened.options, &[]).await?;
            operate::create_user(&db, Clock::system().now(), &facility, &login, &name, &role, password.trim_end_matches(['\r', '\n'])).await?;
            db.close().await;
            opened.close()
        }
        Command::Platform(args) => {
            let mut key = String::new();
            std::io::stdin().take(1000).read_to_string(&mut key).context("the bank's key on standard input")?;
            let opened = args.place.open().await?;
            serve::prepare(&opened.options).await?;
            let db = Db::connect(&opened.options, &[]).await?;
            let platform = subscription::platform::Platform {
                facility_id: 0,
                name: args.name,
                address: args.address,
                tax_code: args.tax_code,
                phone: args.phone,
                bank_bin: args.bank_bin,
                bank_account: args.bank_account,
                bank_holder: args.bank_holder,
                bank_secret: key.trim().to_owned(),
            };
            operate::set_platform(&db, Clock::system().now(), &args.facility, platform).await?;
            db.close().await;
            opened.close()
        }
        Command::Audit(AuditCommand::Verify { place }) => {
            let opened = place.open().await?;
            let report = operate::verify_audit(&opened, &place.data).await?;
            opened.close()?;
            println!("{} facilities, {} rows in the chain, {} waiting to be sealed", report.facilities, report.rows, report.waiting);
            for fault in &report.faults {
                eprintln!("{fault:?}");
            }
            if !report.faults.is_empty() {
                bail!("the audit trail was tampered with in {} places", report.faults.len());
            }
            Ok(())
        }
        Command::Backup { file, place } => {
            let opened = place.open().await?;
            let bytes = operate::backup(&opened, &place.data, &file)?;
            println!("{} written, {bytes} bytes", file.display());
            opened.close()
        }
        Command::Restore { file, replace, place } => {
            let opened = place.open().await?;
            let outcome = operate::restore(&opened, &place.data, &file, replace).await;
            opened.close()?;
            outcome?;
            println!("restored from {}", file.display());
            Ok(())
        }
        // Answered in main, because it ends with a code of its own.
        Command::Verify { .. } => Ok(()),
        Command::Openapi => {
            println!("{}", server::modules::openapi().to_pretty_json()?);
            Ok(())
        }
    }
}

async fn run_demo(args: DemoArgs) -> Result<()> {
    let mut place = args.place;
    if std::env::var_os("YBA_DATA").is_none() && place.data == PathBuf::from("./var/data") {
        place.data = "./var/demo".into();
    }
    if args.fresh {
        demo::forget(&place).await?;
    }
    let opened = place.open().await?;
    serve::prepare(&opened.options).await?;
    demo::write_world(&opened, Clock::system().now()).await?;
    demo::write_stays(&place, &opened, Clock::system().now()).await?;
    if args.people > 0 {
        demo::invent(&opened, &args.facility, args.people, args.visits, Clock::system().now()).await?;
    }
    let authority = demo::authority(&place, args.sandbox_port)?;
    let trust = demo::trust(&authority)?;
    demo::issue_keys(&place, &opened, &authority, &trust, Clock::system().now()).await?;
    if args.no_serve {
        return opened.close();
    }
    let listen = Listen {
        listen: ([127, 0, 0, 1], args.port).into(),
        admin_listen: ([127, 0, 0, 1], 9090).into(),
        mllp: args.mllp.clone(),
        public_url: String::new(),
        link_listen: None,
        no_worker: false,
    };
    demo::print_welcome(args.port, args.sandbox_port);
    let partners = tokio::spawn(sandbox::run(
        ([127, 0, 0, 1], args.sandbox_port).into(),
        format!("http://127.0.0.1:{}", args.port),
        authority,
        serve::wait_for_signal(),
    ));
    let served = serve::serve(&place, &listen, opened, Mode::Demo, trust).await;
    partners.abort();
    served
}
