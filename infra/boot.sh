# Turns a fresh Amazon Linux 2023 into an instance of the portal. Run once, as root, by cloud-init.
#
# infra/boot.py puts the first line and these variables before it:
#   REGION GROUP_NAME FILES_BUCKET APPLICATION_OBJECT CA_BUNDLE_OBJECT SECRET_ARN
#   APPLICATION_LOG_GROUP SYSTEM_LOG_GROUP METRICS_NAMESPACE
# Everything comes through the S3 gateway endpoint: packages from Amazon Linux's repositories, the rest from our bucket.
set -euo pipefail

readonly HOME_DIRECTORY=/opt/portal
readonly SECRETS_DIRECTORY=/etc/portal
readonly LOG_DIRECTORY=/var/log/portal
readonly BOOT_LOG="$LOG_DIRECTORY/boot.log"
readonly AGENT=/opt/aws/amazon-cloudwatch-agent
readonly CERTIFICATE_DAYS=397
readonly AGENT_FLUSH_SECONDS=15

log() { # log LEVEL MESSAGE: one JSON line, as the application writes them
  printf '{"timestamp":"%s","level":"%s","event":"boot","message":"%s"}\n' "$(date -u +%FT%TZ)" "$1" "$2" | tee -a "$BOOT_LOG"
}

start_agent() {
  "$AGENT/bin/amazon-cloudwatch-agent-ctl" -a fetch-config -m ec2 -s -c "file:$AGENT/etc/portal.json"
}

report_failure() { # the load balancer never sees this instance healthy, and the group replaces it
  local status=$? line=$1
  trap - ERR
  log ERROR "boot failed in line $line with status $status"
  sleep "$AGENT_FLUSH_SECONDS" # until the agent, if it runs already, has sent this line
  exit "$status"
}
trap 'report_failure $LINENO' ERR

install -d -m 0755 "$HOME_DIRECTORY"
install -d -m 0750 "$LOG_DIRECTORY"
log INFO "boot started"

# The agent first, so that a failure of anything after it is seen in CloudWatch.
dnf install -y --setopt=retries=10 amazon-cloudwatch-agent
cat >"$AGENT/etc/portal.json" <<JSON
{
  "agent": {"region": "$REGION", "metrics_collection_interval": 60},
  "logs": {
    "force_flush_interval": 5,
    "logs_collected": {
      "files": {
        "collect_list": [
          {"file_path": "$LOG_DIRECTORY/boot.log", "log_group_name": "$APPLICATION_LOG_GROUP", "log_stream_name": "{instance_id}/boot"},
          {"file_path": "$LOG_DIRECTORY/portal.log", "log_group_name": "$APPLICATION_LOG_GROUP", "log_stream_name": "{instance_id}/portal"},
          {"file_path": "/var/log/cloud-init-output.log", "log_group_name": "$SYSTEM_LOG_GROUP", "log_stream_name": "{instance_id}/cloud-init"},
          {"file_path": "/var/log/dnf.log", "log_group_name": "$SYSTEM_LOG_GROUP", "log_stream_name": "{instance_id}/dnf"},
          {"file_path": "/var/log/amazon/ssm/amazon-ssm-agent.log", "log_group_name": "$SYSTEM_LOG_GROUP", "log_stream_name": "{instance_id}/ssm"}
        ]
      }
    }
  },
  "metrics": {
    "namespace": "$METRICS_NAMESPACE",
    "aggregation_dimensions": [["AutoScalingGroupName"]],
    "metrics_collected": {
      "mem": {"measurement": ["mem_used_percent"], "append_dimensions": {"AutoScalingGroupName": "$GROUP_NAME"}},
      "disk": {"measurement": ["used_percent"], "resources": ["/"], "drop_device": true,
               "append_dimensions": {"AutoScalingGroupName": "$GROUP_NAME"}}
    }
  }
}
JSON
start_agent

dnf install -y --setopt=retries=10 openssl python3-boto3

id portal >/dev/null 2>&1 || useradd --system --home-dir "$HOME_DIRECTORY" --no-create-home --shell /sbin/nologin portal
chown portal:portal "$LOG_DIRECTORY"
install -d -m 0750 -o root -g portal "$SECRETS_DIRECTORY"
aws s3 cp --region "$REGION" --only-show-errors "s3://$FILES_BUCKET/$APPLICATION_OBJECT" "$HOME_DIRECTORY/portal.zip"
aws s3 cp --region "$REGION" --only-show-errors "s3://$FILES_BUCKET/$CA_BUNDLE_OBJECT" "$HOME_DIRECTORY/rds-ca-bundle.pem"
openssl x509 -in "$HOME_DIRECTORY/rds-ca-bundle.pem" -noout # a truncated bundle fails here, not at the first connection
chmod 0644 "$HOME_DIRECTORY"/*

# The load balancer speaks TLS to the instance but does not check who it is: a certificate of the instance's own will do.
(umask 0077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "$CERTIFICATE_DAYS" \
  -subj "/CN=$(hostname -f)" -keyout "$SECRETS_DIRECTORY/tls.key" -out "$SECRETS_DIRECTORY/tls.crt")
chown root:portal "$SECRETS_DIRECTORY"/tls.*
chmod 0640 "$SECRETS_DIRECTORY"/tls.*

cat >/etc/systemd/system/portal.service <<UNIT
[Unit]
Description=Customer portal
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=/usr/bin/python3 $HOME_DIRECTORY/portal.zip
Environment=AWS_REGION=$REGION
Environment=PORTAL_SECRET_ARN=$SECRET_ARN
Environment=PORTAL_TLS_CERTIFICATE=$SECRETS_DIRECTORY/tls.crt
Environment=PORTAL_TLS_KEY=$SECRETS_DIRECTORY/tls.key
Environment=PORTAL_CA_BUNDLE=$HOME_DIRECTORY/rds-ca-bundle.pem
Environment=PORTAL_LOG_FILE=$LOG_DIRECTORY/portal.log
User=portal
Group=portal
Restart=always
RestartSec=5
NoNewPrivileges=true
ProtectSystem=strict
ProtectHome=true
PrivateTmp=true
PrivateDevices=true
CapabilityBoundingSet=
ReadWritePaths=$LOG_DIRECTORY

[Install]
WantedBy=multi-user.target
UNIT
# What is rotated away is in CloudWatch already; the application reopens its file by itself.
cat >/etc/logrotate.d/portal <<ROTATE
$LOG_DIRECTORY/portal.log {
  su portal portal
  daily
  maxsize 100M
  rotate 3
  missingok
  notifempty
  create 0640 portal portal
}
ROTATE

systemctl daemon-reload
systemctl enable --now portal.service

log INFO "boot finished"
