import type { Texts } from '../texts.js'

export const german: Texts = {
  locale: 'de',
  comma: ', ',
  space: ' ',
  loading: 'Wird geladen …',
  retry: 'Erneut versuchen',
  continue: 'Weiter',
  cancel: 'Abbrechen',
  close: 'Schließen',
  copy: 'Kopieren',
  copied: 'Kopiert.',
  notCopied: 'Ihr Browser hat das Kopieren nicht erlaubt. Markieren Sie den Text und kopieren Sie ihn selbst.',
  or: 'oder',
  fillIn: 'Füllen Sie dieses Feld aus.',

  passkeySignIn: 'Mit Passkey anmelden',
  secondStep: 'Bestätigung in zwei Schritten',
  secondStepLead: 'Bestätigen Sie Ihre Identität, um die Anmeldung abzuschließen.',
  useKey: 'Sicherheitsschlüssel oder Passkey verwenden',
  noKeyHere: 'Dieser Browser kann Ihren Sicherheitsschlüssel oder Passkey nicht verwenden.',
  appCode: 'Code aus Ihrer Authenticator-App',
  yubicoCode: 'YubiKey-Einmalpasswort',
  yubicoHint: 'Wählen Sie dieses Feld aus und berühren Sie dann Ihren YubiKey.',
  useRecovery: 'Wiederherstellungscode verwenden',
  recoveryCode: 'Wiederherstellungscode',
  recoveryContinue: 'Mit Wiederherstellungscode fortfahren',
  thatIsRecovery: 'Das sieht nach einem Wiederherstellungscode aus. Er steht jetzt unten: Fahren Sie dort fort, um ihn zu verwenden.',
  recoveryLeft: {
    one: 'Sie haben noch {count} Code. Er gilt einmal.',
    other: 'Sie haben noch {count} Codes. Jeder gilt einmal.',
  },
  recoveryNone: 'Sie haben alle Wiederherstellungscodes verwendet.',
  removeLost:
    'Ich habe meine anderen Anmeldemethoden verloren. ' +
    'Entfernen Sie sie, damit ich neue hinzufügen kann.',
  remember: 'Diesen Browser 30 Tage lang merken',
  rememberHint: 'Ihr Passwort allein genügt dann hier zur Anmeldung. Nicht auf gemeinsam genutzten Computern verwenden.',
  lockedTotp: 'Codes aus Ihrer Authenticator-App sind nach zu vielen Fehlversuchen gesperrt.',
  lockedRecovery: 'Wiederherstellungscodes sind nach zu vielen Fehlversuchen gesperrt.',
  lockedYubico: 'YubiKey-Einmalpasswörter sind nach zu vielen Fehlversuchen gesperrt.',
  unlockAt: 'Ab {time} können Sie wieder Codes eingeben.',
  unlockBy: 'Um sie jetzt zu entsperren, melden Sie sich mit {methods} an.',
  unlockKey: 'Ihrem Sicherheitsschlüssel oder Passkey',
  unlockCode: 'einem Wiederherstellungscode',
  unlockNever: 'Wenden Sie sich an den Support, um sie zu entsperren.',
  unlockOther: 'Melden Sie sich mit einer anderen Methode an, um sie zu entsperren.',
  nothingOffered: 'Sie können zurzeit keine Ihrer Anmeldemethoden verwenden.',
  keyNeeded: 'Dafür brauchen Sie einen Passkey oder Sicherheitsschlüssel. Fügen Sie ihn zuerst Ihren Anmeldemethoden hinzu.',
  keyMissing: 'Sie brauchen einen Passkey oder Sicherheitsschlüssel, den diese Website akzeptiert, und Ihr Konto hat keinen. Wenden Sie sich an den Support.',
  tryElsewhere:
    'Versuchen Sie es mit einem anderen Browser oder Gerät. Wenn das nicht hilft, wenden Sie sich an den Support.',
  locked: 'Codes sind nach zu vielen Fehlversuchen gesperrt.',
  signedIn: 'Sie sind angemeldet.',
  signedInBy: 'Sie haben sich mit einem Wiederherstellungscode angemeldet',
  lastCodes: {
    one: 'Sie haben nur noch {count} Wiederherstellungscode. Neue erstellen Sie in den Einstellungen.',
    other: 'Sie haben nur noch {count} Wiederherstellungscodes. Neue erstellen Sie in den Einstellungen.',
  },
  noCodesLeft: 'Das war Ihr letzter Wiederherstellungscode. Neue erstellen Sie in den Einstellungen.',
  removed: 'Entfernt: {names}. Fügen Sie in den Einstellungen eine neue Anmeldemethode hinzu.',
  removedNone: 'Sie hatten keine anderen Anmeldemethoden.',

  required: 'Bestätigung in zwei Schritten einrichten',
  requiredLead: 'Diese Website verlangt die Bestätigung in zwei Schritten. Wählen Sie eine Methode.',
  dueKey: 'Passkey oder Sicherheitsschlüssel hinzufügen',
  daysLeft: {
    one: 'Diese Website verlangt die Bestätigung in zwei Schritten. Sie haben noch {count} Tag, um sie einzurichten.',
    other: 'Diese Website verlangt die Bestätigung in zwei Schritten. Sie haben noch {count} Tage, um sie einzurichten.',
  },
  daysLeftKey: {
    one: 'Diese Website verlangt einen Passkey oder Sicherheitsschlüssel. Sie haben noch {count} Tag, um einen hinzuzufügen.',
    other: 'Diese Website verlangt einen Passkey oder Sicherheitsschlüssel. Sie haben noch {count} Tage, um einen hinzuzufügen.',
  },
  overdue: 'Diese Website verlangt die Bestätigung in zwei Schritten. Fügen Sie eine Methode hinzu, um fortzufahren.',
  overdueKey: 'Diese Website verlangt einen Passkey oder Sicherheitsschlüssel. Fügen Sie einen hinzu, um fortzufahren.',
  enrolTooLate:
    'Die Eingabe Ihres Passworts liegt zu lange zurück. ' +
    'Bitte melden Sie sich zu Ihrer Sicherheit noch einmal an.',
  codesOffer: 'Wiederherstellungscodes erstellen',
  codesOfferLead: 'Für den Fall, dass Sie Ihr Telefon oder Ihren Schlüssel verlieren.',
  later: 'Jetzt nicht',

  settings: 'Anmeldung und Sicherheit',
  factors: 'Ihre Anmeldemethoden',
  noFactors: 'Sie haben die Bestätigung in zwei Schritten noch nicht eingerichtet.',
  onlyCodes: 'Wiederherstellungscodes sind neben Ihrem Passwort Ihre einzige Anmeldemethode.',
  addFactor: 'Methode hinzufügen',
  app: 'Authenticator-App',
  appLead: 'Sechsstelligen Code von Ihrem Telefon eingeben',
  keyOrPasskey: 'Passkey oder Sicherheitsschlüssel',
  keyOrPasskeyLead: 'Dieses Gerät, Ihr Telefon oder ein Schlüssel zum Einstecken',
  keyOrPasskeyChoice: 'Was möchten Sie hinzufügen?',
  key: 'Sicherheitsschlüssel',
  keyLead: 'Ein Schlüssel, den Sie einstecken oder an das Gerät halten. Sie verwenden ihn nach Ihrem Passwort.',
  passkey: 'Passkey',
  passkeyLead:
    'Auf diesem Gerät, Ihrem Telefon oder in einem Passwortmanager. ' +
    'Fingerabdruck, Gesicht oder PIN ersetzen Ihr Passwort.',
  noKeysHere:
    'Sicherheitsschlüssel und Passkeys können in diesem Browser oder unter dieser Adresse nicht verwendet werden.',
  u2f: 'Sicherheitsschlüssel (U2F)',
  yubico: 'YubiKey-Einmalpasswort',
  yubicoLead: 'Berühren Sie einen YubiKey, der ein Passwort für Sie eingibt',
  added: 'hinzugefügt am {date}',
  lastUsed: 'zuletzt verwendet am {date}',
  badgeOff: 'Aus',
  badgeLocked: 'Gesperrt',
  rename: 'Umbenennen',
  turnOff: 'Ausschalten',
  turnOn: 'Einschalten',
  remove: 'Entfernen',
  actionOn: '{name}: {action}',
  renameTitle: 'Methode umbenennen',
  name: 'Name',
  save: 'Speichern',
  renamed: 'Umbenannt in {name}.',
  badgeUnusable: 'Nicht nutzbar, bitte entfernen',
  unknownType: 'Unbekannte Methode',
  isOff: '{name} ist ausgeschaltet.',
  isOn: '{name} ist eingeschaltet.',
  wasAdded: '{name} wurde hinzugefügt.',
  wasRemoved: '{name} wurde entfernt.',
  removeTitle: '{name} entfernen?',
  removeLead: 'Sie können sich damit nicht mehr anmelden.',
  removeLast:
    'Das ist Ihre letzte Anmeldemethode. Wenn Sie sie entfernen, wird die Bestätigung in zwei Schritten ' +
    'ausgeschaltet, und Ihre Wiederherstellungscodes werden gelöscht.',
  adviseFactor:
    'Richten Sie die Bestätigung in zwei Schritten ein, ' +
    'damit ein gestohlenes Passwort nicht zur Anmeldung genügt.',
  adviseCodes:
    'Erstellen Sie Wiederherstellungscodes, damit Sie sich auch anmelden können, ' +
    'wenn Sie Ihr Telefon oder Ihren Schlüssel verlieren.',
  adviseOnlyCodes: {
    one:
      'Sie können sich nur noch {count} Mal mit einem Wiederherstellungscode anmelden. ' +
      'Fügen Sie vorher eine andere Methode hinzu.',
    other:
      'Sie können sich nur noch {count} Mal mit einem Wiederherstellungscode anmelden. ' +
      'Fügen Sie eine andere Methode hinzu, bevor Ihnen die Codes ausgehen.',
  },
  adviseNoWay:
    'Sie haben keine Wiederherstellungscodes mehr und keine andere Anmeldemethode. ' +
    'Fügen Sie jetzt eine Methode hinzu, sonst können Sie sich nicht mehr anmelden.',
  adviseLocked: 'Codes sind nach zu vielen Fehlversuchen gesperrt.',
  adviseLast: {
    one: 'Sie haben nur noch {count} Wiederherstellungscode. Erstellen Sie jetzt neue.',
    other: 'Sie haben nur noch {count} Wiederherstellungscodes. Erstellen Sie jetzt neue.',
  },
  adviseNone: 'Sie haben alle Wiederherstellungscodes verwendet. Erstellen Sie jetzt neue.',
  adviseOne: 'Sie haben nur eine Anmeldemethode. Fügen Sie eine weitere hinzu, falls Sie diese verlieren.',
  adviseSynced: 'Alle Ihre Anmeldemethoden sind synchronisierte Passkeys. Fügen Sie einen Sicherheitsschlüssel oder eine Authenticator-App hinzu, falls Sie den Zugriff darauf verlieren.',
  browsers: 'Gemerkte Browser',
  browsersLead: 'In diesen Browsern genügt Ihr Passwort zur Anmeldung.',
  unnamedBrowser: 'Unbekannter Browser',
  badgeCurrent: 'Dieser Browser',
  until: 'bis {date}',
  forget: 'Diesen Browser abmelden',
  forgetAll: 'Alle Browser abmelden',
  wasForgotten: '{name} ist nicht mehr gemerkt.',
  allForgotten: 'Es ist kein Browser mehr gemerkt.',
  activity: 'Letzte Aktivitäten',
  activityLead: 'Wenn Sie hier etwas nicht wiedererkennen, ändern Sie Ihr Passwort und entfernen Sie Methoden, die nicht Ihre sind.',
  activityMore: 'Mehr anzeigen',
  didEnrol: 'Hinzugefügt: {method}',
  didUpdate: 'Geändert: {method}',
  didRemove: 'Entfernt: {method}',
  didRemoveAll: 'Alle Anmeldedaten wurden entfernt',
  didRequire: 'Sie wurden aufgefordert, die Bestätigung in zwei Schritten neu einzurichten',
  didVerify: 'Bestätigt mit: {method}',
  didReject: 'Eine Bestätigung ist fehlgeschlagen',
  didLock: 'Codes wurden nach zu vielen Fehlversuchen gesperrt',
  didUnlock: 'Codes wurden entsperrt',
  didMakeCodes: 'Neue Wiederherstellungscodes wurden erstellt',
  didUseCode: 'Ein Wiederherstellungscode wurde verwendet',
  didRemember: 'Ein Browser wurde gemerkt',
  didRecognise: 'Mit Ihrem Passwort in einem gemerkten Browser angemeldet',
  didForget: 'Ein gemerkter Browser wurde abgemeldet',
  didReuse: 'Die kopierte Anmeldung eines gemerkten Browsers wurde abgewiesen',
  didSetDeadline: 'Sie wurden aufgefordert, bis zu einem bestimmten Datum eine Anmeldemethode hinzuzufügen',
  didClearDeadline: 'Das Datum, bis zu dem eine Anmeldemethode hinzuzufügen ist, wurde zurückgesetzt',
  didOther: 'Eine andere Änderung',
  signInFirst: 'Melden Sie sich an, um Ihre Einstellungen zu sehen.',

  addApp: 'Authenticator-App hinzufügen',
  scan: 'Scannen Sie diesen QR-Code mit der App auf Ihrem Telefon.',
  qr: 'QR-Code mit dem Einrichtungsschlüssel darunter',
  typeSecret: 'Scannen nicht möglich? Geben Sie diesen Einrichtungsschlüssel in der App ein:',
  openApp: 'App auf diesem Gerät öffnen',
  typeCode: 'Geben Sie den Code aus der App ein',
  nameFactor: 'Geben Sie einen Namen ein',
  isModel: 'So nennt es der Hersteller: {model}.',
  addAppAction: 'Authenticator-App hinzufügen',
  defaultApp: 'Telefon',
  addKeyOrPasskey: 'Passkey oder Sicherheitsschlüssel hinzufügen',
  addYubico: 'YubiKey hinzufügen',
  addYubicoAction: 'YubiKey hinzufügen',
  defaultYubico: 'YubiKey',
  yubicoRejected: 'Das Einmalpasswort ist falsch oder wurde schon verwendet. Berühren Sie Ihren YubiKey noch einmal.',
  enrolRejected:
    'Der Code ist falsch, oder es hat zu lange gedauert. Warten Sie auf einen neuen Code und versuchen Sie es ' +
    'noch einmal. Wenn das nicht hilft, schließen Sie dieses Fenster und beginnen Sie von vorn.',
  registrationRejected:
    'Der Server hat diesen Schlüssel nicht angenommen, oder es hat zu lange gedauert. ' +
    'Schließen Sie dieses Fenster und beginnen Sie von vorn.',
  nothingAdded: 'Es wurde noch nichts hinzugefügt.',
  nothingChanged: 'Es wurde noch nichts geändert.',

  recovery: 'Wiederherstellungscodes',
  recoveryNever: 'Für den Fall, dass Sie Ihr Telefon oder Ihren Schlüssel verlieren.',
  recoveryState: {
    one: 'Noch {count} Code, erstellt am {date}.',
    other: 'Noch {count} Codes, erstellt am {date}.',
  },
  makeCodes: 'Wiederherstellungscodes erstellen',
  makeNewCodes: 'Neue Codes erstellen',
  makeNewTitle: 'Neue Wiederherstellungscodes erstellen?',
  makeNewLead: 'Ihre bisherigen Codes gelten dann nicht mehr.',
  yourCodes: 'Ihre Wiederherstellungscodes',
  yourCodesLead:
    'Wenn Sie Ihr Telefon oder Ihren Schlüssel verlieren, melden Sie sich mit einem dieser Codes an. ' +
    'Jeder Code gilt einmal. Speichern Sie sie jetzt: Sie werden nicht noch einmal angezeigt.',
  print: 'Drucken',
  download: 'Herunterladen',
  codesFile: 'wiederherstellungscodes-{site}-{account}.txt',
  codesFor: 'Wiederherstellungscodes für {site}, erstellt am {date}, Konto {account}',
  saved: 'Ich habe meine Codes gespeichert',

  confirm: 'Bestätigen Sie Ihre Identität',
  confirmLead: 'Danach können Sie einige Minuten lang Änderungen vornehmen.',

  rejected: 'Das hat nicht geklappt. Versuchen Sie es noch einmal.',
  malformed: 'Das sieht nicht wie ein Code aus. Prüfen Sie ihn und versuchen Sie es noch einmal.',
  passkeyRejected:
    'Dieser Passkey ist hier nicht registriert, oder es hat zu lange gedauert. Versuchen Sie es noch einmal.',
  alreadyEnrolled: 'Sie haben diesen Schlüssel oder dieses Gerät schon hinzugefügt.',
  authenticatorRefused: 'Dieser Schlüssel oder dieses Gerät wird hier nicht akzeptiert. Versuchen Sie es mit einem anderen.',
  unknownKey: 'Diese Website kennt diesen YubiKey nicht. Verwenden Sie einen anderen, oder wenden Sie sich an den Support.',
  notFirst:
    'Zu Ihrem Konto wurde eine andere Methode hinzugefügt. ' +
    'Schließen Sie dieses Fenster und beginnen Sie von vorn.',
  factorLimit: 'Sie können keine weiteren Anmeldemethoden hinzufügen. Entfernen Sie zuerst eine.',
  noSuchFactor: 'Diese Methode wurde schon entfernt.',
  lastFactor:
    'Sie können Ihre einzige aktive Methode nicht ausschalten. ' +
    'Fügen Sie zuerst eine andere hinzu, oder entfernen Sie diese.',
  notChangeable: 'Diese Methode kann nicht geändert werden.',
  factorRequired: 'Fügen Sie zuerst eine Anmeldemethode hinzu.',
  invalid: 'Ihre Eingabe ist zu lang oder enthält Zeichen, die nicht gespeichert werden können.',

  network: 'Der Server antwortet nicht. Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.',
  signedOut: 'Ihre Sitzung ist beendet. Melden Sie sich noch einmal an.',
  stepUpFirst: 'Bitte melden Sie sich zu Ihrer Sicherheit noch einmal an, um dies zu ändern.',
  failed: 'Etwas ist schiefgegangen. Versuchen Sie es gleich noch einmal.',
  misplaced: 'Diese Seite erreicht den Anmeldedienst der Website nicht. Wenden Sie sich an den Support.',
  wrongAddress:
    'Unter dieser Adresse funktioniert die Anmeldung nicht. ' +
    'Öffnen Sie die Website unter ihrer üblichen Adresse, oder wenden Sie sich an den Support.',
  notSaved:
    'Ihre Antwort war richtig, aber die Website hat sie nicht gespeichert. Versuchen Sie es noch einmal. ' +
    'Wenn das nicht hilft, wenden Sie sich an den Support.',

  cancelled:
    'Kein Sicherheitsschlüssel oder Passkey hat geantwortet. ' +
    'Der Vorgang wurde abgebrochen, oder hier ist keiner verfügbar, der zu Ihrem Konto gehört.',
  timeout: 'Das hat zu lange gedauert. Versuchen Sie es noch einmal.',
  aborted: 'Das wurde unterbrochen. Versuchen Sie es noch einmal.',
  notSupported: 'Dieser Browser oder Schlüssel unterstützt das nicht.',
  insecureContext: 'Sicherheitsschlüssel und Passkeys brauchen eine sichere Verbindung (HTTPS).',
  invalidDomain: 'Sicherheitsschlüssel und Passkeys funktionieren unter dieser Adresse nicht.',
}
