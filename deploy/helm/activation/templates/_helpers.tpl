{{/*
What each process is: its command, the port of its pages, how long it may take to stop, when it is
ready, and its key files. A portal or console is ready while it runs: its pages say what to do while
Temporal or the ledger is unavailable, which would else take all of them out at once.
*/}}
{{- define "activation.processes" -}}
portal:
  words: ["portal"]
  port: 8000
  stopSeconds: 35
  readiness: /healthz
  keys:
    - payload-mac.key
    - session.key
    - barrier.key
    - index/address.key
    - index/browser.key
    - index/email.key
    - index/mobile.key
    - index/receipt.key
    - index/suggestion.key
    - column/suggestion.key
    - column/support_request.key
    - column/typed.key
  seal: pub
console:
  words: ["support", "serve"]
  port: 8001
  stopSeconds: 35
  readiness: /healthz
  keys:
    - payload-mac.key
    - session.key
    - audit.key
    - index/address.key
    - index/email.key
    - index/found_number.key
    - index/insurance.key
    - index/mobile.key
    - index/name.key
    - index/person.key
    - index/receipt.key
    - index/recovery_code.key
    - index/registration.key
    - index/staff.key
    - index/username.key
    - column/audit.key
    - column/case_note.key
    - column/invitation.key
    - column/name.key
    - column/second_factor.key
    - column/support_answer.key
    - column/support_request.key
    - column/username.key
alerts:
  words: ["support", "alerts", "--health-host", "0.0.0.0", "--health-port", "8510"]
  stopSeconds: 15
  readiness: /healthz
main:
  words: ["worker", "--only", "main", "--health-host", "0.0.0.0", "--health-port", "8510"]
  stopSeconds: 45
  readiness: /readyz
  keys:
    - payload-mac.key
    - pin.key
    - index/email.key
    - index/found_number.key
    - index/insurance.key
    - index/mobile.key
    - index/name.key
    - index/person.key
    - index/registration.key
    - index/student_number.key
    - index/username.key
    - column/consent.key
    - column/insurance.key
    - column/invitation.key
    - column/name.key
    - column/username.key
messaging:
  words: ["worker", "--only", "messaging", "--health-host", "0.0.0.0", "--health-port", "8510"]
  stopSeconds: 45
  readiness: /readyz
  keys:
    - payload-mac.key
    - pin.key
    - index/email.key
    - index/mobile.key
    - index/receipt.key
    - column/support_answer.key
    - column/support_request.key
directory:
  words: ["worker", "--only", "directory", "--health-host", "0.0.0.0", "--health-port", "8510"]
  stopSeconds: 45
  readiness: /readyz
  keys:
    - payload-mac.key
    - index/person.key
    - index/username.key
    - column/username.key
  seal: key
{{- end }}

{{- define "activation.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Selects the pods of one process; given a list of the root and the process's name. */}}
{{- define "activation.selector" -}}
app.kubernetes.io/name: {{ (index . 0).Chart.Name }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "activation.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* The image's user, who owns nothing in it. */}}
{{- define "activation.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "activation.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* What every process and command reads; given a list of the root and whose Secret of variables. */}}
{{- define "activation.environment" -}}
{{- $root := index . 0 -}}
env:
  - name: ACTIVATION_CONFIG
    value: /etc/activation/activation.toml
  - name: TEMPORAL_ADDRESS
    value: {{ $root.Values.temporal.address | quote }}
  - name: TEMPORAL_NAMESPACE
    value: {{ $root.Values.temporal.namespace | quote }}
{{- if $root.Values.temporal.files }}
  - name: TEMPORAL_CONFIG_FILE
    value: /etc/activation/temporal/temporal.toml
{{- end }}
{{- with index . 2 }}
{{ . }}
{{- end }}
envFrom:
  - secretRef:
      name: {{ $root.Values.secrets }}-{{ index . 1 }}-env
  {{- with $root.Values.temporal.secret }}
  - secretRef:
      name: {{ . }}
  {{- end }}
{{- end }}

{{/* The files of Temporal's client. */}}
{{- define "activation.temporalMount" -}}
{{- if .Values.temporal.files }}
- { name: temporal, mountPath: /etc/activation/temporal, readOnly: true }
{{- end }}
{{- end }}

{{- define "activation.temporalVolume" -}}
{{- with .Values.temporal.files }}
- name: temporal
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- end }}

{{/* Files of the institution that are no secrets. */}}
{{- define "activation.publicMounts" -}}
{{- range $folder, $files := .Values.public }}
- { name: public-{{ $folder | replace "/" "--" }}, mountPath: /etc/activation/public/{{ $folder }}, readOnly: true }
{{- end }}
{{- end }}

{{- define "activation.publicVolumes" -}}
{{- range $folder, $files := .Values.public }}
{{- if and (contains "/" $folder) (hasKey $.Values.public (dir $folder)) }}
{{- fail (printf "public: %s is inside %s, which is read-only: name folders that do not contain each other" $folder (dir $folder)) }}
{{- end }}
- name: public-{{ $folder | replace "/" "--" }}
  configMap:
    name: {{ $files }}
{{- end }}
{{- end }}

{{/* The variables of a process with pages; given a list of its name and what it is. */}}
{{- define "activation.own" -}}
{{- if (index . 1).port }}
{{- $prefix := printf "ACTIVATION_%s__" (index . 0 | upper) }}
  - name: {{ $prefix }}HOST
    value: 0.0.0.0
  - name: {{ $prefix }}PORT
    value: {{ (index . 1).port | quote }}
  - name: {{ $prefix }}HEALTH_HOST
    value: 0.0.0.0
  - name: {{ $prefix }}HEALTH_PORT
    value: "8510"
{{- end }}
{{- end }}
